//! The event log: its entries, and the ports that write, read and announce them.

use std::borrow::Cow;
use std::sync::Arc;

use uuid::Uuid;

use crate::kernel::id::{AgentId, CustomerId};
use crate::kernel::store_error::StoreError;
use crate::kernel::stream::{Change, StreamId, Tick};

/// The name of a kind of event. Only the domain that logs such events interprets it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Kind(Cow<'static, str>);

impl Kind {
    /// The kind with a name that is known at compile time.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    /// The kind with a name that was stored.
    #[must_use]
    pub const fn stored(name: String) -> Self {
        Self(Cow::Owned(name))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An event as its domain passes it to the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The kind of event.
    pub kind: Kind,
    /// The object it is about.
    pub subject: Uuid,
    /// The object by which the log finds this event again, to rewrite it when the content of that
    /// object is erased; `None` if it carries no such content, or is found by its `seq`.
    pub content_of: Option<Uuid>,
    /// The changes of the stream's readers by this event.
    pub changes: Vec<Change>,
    /// The frame, byte for byte as it is pushed and replayed.
    pub payload: Arc<str>,
}

impl Entry {
    /// Returns the event as it is logged, with its stream and `seq`.
    #[must_use]
    pub fn logged(self, customer: CustomerId, stream: StreamId, seq: u64) -> Logged {
        Logged {
            customer,
            stream,
            seq,
            kind: self.kind,
            subject: self.subject,
            changes: self.changes,
            payload: self.payload,
        }
    }
}

/// An event in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    /// The customer whose stream it is.
    pub customer: CustomerId,
    /// The stream.
    pub stream: StreamId,
    /// Its number in the stream: 1, 2, 3 … without gaps.
    pub seq: u64,
    /// The kind of event.
    pub kind: Kind,
    /// The object it is about.
    pub subject: Uuid,
    /// The changes of the stream's readers by this event.
    pub changes: Vec<Change>,
    /// The frame, byte for byte as it is pushed and replayed.
    pub payload: Arc<str>,
}

/// The part of a stream that one read returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Portion {
    /// After this event, from 0.
    pub since: u64,
    /// The maximum number of events.
    pub limit: u32,
    /// The maximum of bytes of their payloads; one event may exceed it.
    pub bytes: usize,
    /// Only these kinds; `None` for all.
    pub kinds: Option<&'static [Kind]>,
}

impl Portion {
    /// Maximum number of bytes of the payloads in one read, unless fewer are requested: 4 MiB.
    pub const BYTES: usize = 4_194_304;

    /// Up to `limit` events of any kind after `since`.
    #[must_use]
    pub const fn new(since: u64, limit: u32) -> Self {
        Self {
            since,
            limit,
            bytes: Self::BYTES,
            kinds: None,
        }
    }
}

/// A part of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogPage {
    /// In ascending order; at least one, if the log has any that is wanted.
    pub events: Vec<Arc<Logged>>,
    /// Whether no wanted event follows these.
    pub is_end: bool,
}

/// Driven port: the append-only log, written in the unit's transaction.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait EventLog {
    /// Appends an event that `actor` caused, if it was an agent, and returns it as it is logged. It is
    /// delivered only if the unit commits. MUST fail if the event does not follow the last one of its
    /// stream.
    ///
    /// # Errors
    /// Only when storage fails.
    fn append(
        &mut self,
        stream: StreamId,
        tick: Tick,
        actor: Option<AgentId>,
        entry: Entry,
    ) -> Result<Arc<Logged>, StoreError>;
}

/// Driven port: reading the streams of one customer.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait EventQueries {
    /// A part of a stream.
    ///
    /// # Errors
    /// Only when storage fails.
    fn after(&mut self, stream: StreamId, portion: Portion) -> Result<LogPage, StoreError>;

    /// One event, if the log still has it.
    ///
    /// # Errors
    /// Only when storage fails.
    fn get(&mut self, stream: StreamId, seq: u64) -> Result<Option<Arc<Logged>>, StoreError>;
}

/// Driven port: called by the store with the events of each commit as soon as they are durable, in
/// commit order. MUST NOT block. A call that is lost only delays delivery, because every event is
/// in the log.
pub trait Bell: Send + Sync {
    /// Announces the events of one commit.
    fn ring(&self, committed: &[Arc<Logged>]);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pages have at most 4 MiB.
    #[test]
    fn a_portion_is_of_any_kind_and_bounded_in_bytes() {
        let portion = Portion::new(3, 100);
        assert_eq!((portion.since, portion.limit), (3, 100));
        assert_eq!((portion.bytes, portion.kinds), (4_194_304, None));
    }

    #[test]
    fn a_kind_is_its_name_wherever_it_comes_from() {
        let stored = Kind::stored("posted".to_owned());
        assert_eq!(stored, Kind::new("posted"));
        assert_eq!(stored.as_str(), "posted");
    }
}
