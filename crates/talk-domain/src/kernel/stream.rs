//! Event streams: their identity, and the membership changes that their events carry as data.
//!
//! A stream is the sequence of events of one object, such as a chat. The log, the hub and the
//! readers of the log handle streams only. The domains decide which objects have streams and what
//! their events mean.

use std::fmt;

use uuid::Uuid;

use crate::kernel::id::AgentId;
use crate::kernel::time::Timestamp;

/// The kind of object that a stream belongs to: a tag of 1 to 8 lower-case ASCII letters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Realm([u8; Self::LONGEST]);

impl Realm {
    /// The longest tag in letters.
    const LONGEST: usize = 8;

    /// The realm with this tag, in a constant: an invalid tag does not compile there.
    ///
    /// # Panics
    /// If the tag is invalid.
    #[must_use]
    pub const fn new(tag: &'static str) -> Self {
        match Self::of(tag.as_bytes()) {
            Some(realm) => realm,
            None => panic!("a realm has 1 to 8 lower-case letters"),
        }
    }

    /// The realm with this tag. `None` if the tag is invalid.
    #[must_use]
    pub const fn parse(tag: &str) -> Option<Self> {
        Self::of(tag.as_bytes())
    }

    #[expect(
        clippy::indexing_slicing,
        reason = "bounded by the length, and constant functions have no iterators"
    )]
    const fn of(tag: &[u8]) -> Option<Self> {
        if tag.is_empty() || tag.len() > Self::LONGEST {
            return None;
        }
        let (mut letters, mut at) = ([0; Self::LONGEST], 0);
        while at < tag.len() {
            if !tag[at].is_ascii_lowercase() {
                return None;
            }
            letters[at] = tag[at];
            at += 1;
        }
        Some(Self(letters))
    }

    /// The tag.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let letters = self.0.split(|letter| *letter == 0).next();
        // All of them are ASCII.
        letters.map_or("", |letters| std::str::from_utf8(letters).unwrap_or(""))
    }
}

impl fmt::Debug for Realm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Identity of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId {
    /// The kind of object that has the stream.
    pub realm: Realm,
    /// The object. No two objects of any realms have the same id.
    pub id: Uuid,
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.id.hyphenated().fmt(f)
    }
}

/// The number of an event in its stream, with its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tick {
    /// 1, 2, 3 … without gaps per stream.
    pub seq: u64,
    /// Strictly rising per stream.
    pub at: Timestamp,
}

/// A change of a stream's readers. It takes effect with the event that carries it: an agent who
/// joins may read that event, and one who leaves reads it as the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The agent may read the stream from this event on. An agent who may already is not affected.
    Joins(AgentId),
    /// The agent may read nothing after this event.
    Leaves(AgentId),
    /// The stream has ended: nobody may read anything after this event, and none follows.
    Ends,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tags are stored with each event, so that they are short.
    #[test]
    fn a_realm_has_one_to_eight_lower_case_letters() {
        for tag in ["a", "chat", "abcdefgh"] {
            let realm = Realm::parse(tag).unwrap();
            assert_eq!((realm.as_str(), realm), (tag, Realm::new(tag)));
            assert_eq!(format!("{realm:?}"), tag);
        }
        for tag in ["", "abcdefghi", "Chat", "ch-at", "ch at", "chát", "a\0b"] {
            assert_eq!(Realm::parse(tag), None, "{tag:?}");
        }
    }

    #[test]
    fn streams_of_two_realms_are_different() {
        let id = Uuid::from_u128(1);
        let stream = |tag| StreamId {
            realm: Realm::new(tag),
            id,
        };
        assert_ne!(stream("chat"), stream("room"));
        assert_eq!(stream("chat").to_string(), id.to_string());
    }
}
