//! Events: what happened, in order, per chat; and the ports of the log and of its delivery.

use std::sync::Arc;

use uuid::Uuid;

use crate::kernel::cleanup::Bound;
use crate::kernel::id::{AgentId, ChatId, MessageId};
use crate::kernel::log::{Entry, Kind, Logged};
pub use crate::kernel::log::{LogPage, Portion};
use crate::kernel::store_error::StoreError;
use crate::kernel::stream::{Change, StreamId, Tick};
use crate::talk::model::chat::Chat;

use crate::talk::model::message::Message;
use crate::talk::model::participant::Participant;
use crate::talk::model::reaction::Reaction;
use crate::talk::model::read::ReadMark;

/// Something that happened, in the past tense; the state it carries is that of this very place in
/// the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A chat was created by these participants, whose joining is logged after it.
    ChatCreated(&'a Chat, &'a [AgentId]),
    /// Name, detail or status changed.
    ChatUpdated(&'a Chat),
    /// A chat was deleted with all its memberships.
    ChatDeleted(&'a Chat),
    /// A message was posted.
    MessagePosted(&'a Message),
    /// A message was edited.
    MessageEdited(&'a Message),
    /// A message became a tombstone.
    MessageDeleted(&'a Message),
    /// A reaction was added to the message.
    ReactionAdded(&'a Message, &'a Reaction),
    /// A reaction was removed from the message.
    ReactionRemoved(&'a Message, &'a Reaction),
    /// An agent became a participant.
    ParticipantJoined(&'a Participant),
    /// An agent left or was removed.
    ParticipantLeft(&'a Participant),
    /// A participant has read on.
    ChatRead(&'a ReadMark),
}

/// An [`Event`] without its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the variants are those of Event")]
pub enum EventKind {
    ChatCreated,
    ChatUpdated,
    ChatDeleted,
    MessagePosted,
    MessageEdited,
    MessageDeleted,
    ReactionAdded,
    ReactionRemoved,
    ParticipantJoined,
    ParticipantLeft,
    ChatRead,
}

impl EventKind {
    /// Every kind.
    pub const ALL: [Self; 11] = [
        Self::ChatCreated,
        Self::ChatUpdated,
        Self::ChatDeleted,
        Self::MessagePosted,
        Self::MessageEdited,
        Self::MessageDeleted,
        Self::ReactionAdded,
        Self::ReactionRemoved,
        Self::ParticipantJoined,
        Self::ParticipantLeft,
        Self::ChatRead,
    ];

    /// The name in storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ChatCreated => "chat_created",
            Self::ChatUpdated => "chat_updated",
            Self::ChatDeleted => "chat_deleted",
            Self::MessagePosted => "message_posted",
            Self::MessageEdited => "message_edited",
            Self::MessageDeleted => "message_deleted",
            Self::ReactionAdded => "reaction_added",
            Self::ReactionRemoved => "reaction_removed",
            Self::ParticipantJoined => "participant_joined",
            Self::ParticipantLeft => "participant_left",
            Self::ChatRead => "chat_read",
        }
    }

    /// Returns whether such events carry the content of a message.
    #[must_use]
    pub const fn has_content(self) -> bool {
        match self {
            Self::MessagePosted
            | Self::MessageEdited
            | Self::ReactionAdded
            | Self::ReactionRemoved => true,
            Self::MessageDeleted
            | Self::ChatCreated
            | Self::ChatUpdated
            | Self::ChatDeleted
            | Self::ParticipantJoined
            | Self::ParticipantLeft
            | Self::ChatRead => false,
        }
    }

    /// The kind as the log has it.
    #[must_use]
    pub const fn name(self) -> Kind {
        Kind::new(self.as_str())
    }

    /// The kind with this name in storage.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

impl Event<'_> {
    /// Returns the kind of the event.
    #[must_use]
    pub const fn kind(&self) -> EventKind {
        match self {
            Self::ChatCreated(..) => EventKind::ChatCreated,
            Self::ChatUpdated(_) => EventKind::ChatUpdated,
            Self::ChatDeleted(_) => EventKind::ChatDeleted,
            Self::MessagePosted(_) => EventKind::MessagePosted,
            Self::MessageEdited(_) => EventKind::MessageEdited,
            Self::MessageDeleted(_) => EventKind::MessageDeleted,
            Self::ReactionAdded(..) => EventKind::ReactionAdded,
            Self::ReactionRemoved(..) => EventKind::ReactionRemoved,
            Self::ParticipantJoined(_) => EventKind::ParticipantJoined,
            Self::ParticipantLeft(_) => EventKind::ParticipantLeft,
            Self::ChatRead(_) => EventKind::ChatRead,
        }
    }

    /// How it changes who may read the chat.
    #[must_use]
    pub fn changes(&self) -> Vec<Change> {
        match self {
            Self::ChatCreated(_, founders) => founders.iter().copied().map(Change::Joins).collect(),
            Self::ParticipantJoined(participant) => vec![Change::Joins(participant.agent)],
            Self::ParticipantLeft(participant) => vec![Change::Leaves(participant.agent)],
            Self::ChatDeleted(_) => vec![Change::Ends],
            Self::ChatUpdated(_)
            | Self::MessagePosted(_)
            | Self::MessageEdited(_)
            | Self::MessageDeleted(_)
            | Self::ReactionAdded(..)
            | Self::ReactionRemoved(..)
            | Self::ChatRead(_) => Vec::new(),
        }
    }

    /// Returns the subject of the event: the chat, the message, or the agent who joined, left or
    /// has read.
    #[must_use]
    pub const fn subject(&self) -> Uuid {
        match self {
            Self::ChatCreated(chat, _) | Self::ChatUpdated(chat) | Self::ChatDeleted(chat) => {
                chat.id.0
            }
            Self::MessagePosted(message)
            | Self::MessageEdited(message)
            | Self::MessageDeleted(message)
            | Self::ReactionAdded(message, _)
            | Self::ReactionRemoved(message, _) => message.id.0,
            Self::ParticipantJoined(participant) | Self::ParticipantLeft(participant) => {
                participant.agent.0
            }
            Self::ChatRead(mark) => mark.agent.0,
        }
    }

    /// The entry in the log, with the event's frame.
    #[must_use]
    pub fn entry(&self, payload: Arc<str>) -> Entry {
        Entry {
            kind: self.kind().name(),
            subject: self.subject(),
            content_of: self.content_of(),
            changes: self.changes(),
            payload,
        }
    }

    /// The message whose content it carries. A message's first event is found by the message's `seq`,
    /// and its last one is a tombstone.
    const fn content_of(&self) -> Option<Uuid> {
        match self {
            Self::MessageEdited(message)
            | Self::ReactionAdded(message, _)
            | Self::ReactionRemoved(message, _) => Some(message.id.0),
            Self::MessagePosted(_)
            | Self::MessageDeleted(_)
            | Self::ChatCreated(..)
            | Self::ChatUpdated(_)
            | Self::ChatDeleted(_)
            | Self::ParticipantJoined(_)
            | Self::ParticipantLeft(_)
            | Self::ChatRead(_) => None,
        }
    }
}

impl PartialEq<EventKind> for Kind {
    fn eq(&self, kind: &EventKind) -> bool {
        self.as_str() == kind.as_str()
    }
}

/// The message whose content a logged event carries, with the kind of the event.
#[must_use]
pub fn content_of(event: &Logged) -> Option<(EventKind, MessageId)> {
    let kind = EventKind::parse(event.kind.as_str()).filter(|kind| kind.has_content())?;
    Some((kind, MessageId(event.subject)))
}

/// Driven port: what only the logs of chats know, erasure and expiry.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait ChatLog {
    /// Replaces the content of logged events about `tombstone` by the tombstone: of its first
    /// event, and of the next others that were not replaced yet, up to `bound`. Returns whether
    /// there may be more. A tombstone with more MUST be stored as a
    /// [cleanup](crate::kernel::cleanup::Deleted::Message): reads show the tombstone in place of what is
    /// still to be replaced.
    ///
    /// # Errors
    /// Only when storage fails.
    fn redact(&mut self, tombstone: &Message, bound: Bound) -> Result<bool, StoreError>;

    /// Returns the first event of a stream, of those up to `upto`, that must stay in the log: a
    /// registered [consumer](crate::kernel::consumer) has not taken it, or an enabled endpoint has an
    /// open delivery of it.
    ///
    /// # Errors
    /// Only when storage fails.
    fn first_held(&mut self, stream: StreamId, upto: u64) -> Result<Option<u64>, StoreError>;

    /// Deletes the first events of a chat's log, up to the one at `upto` and none that is later
    /// than its time, within `bound`. Returns the last one it deleted, if there was any: where the
    /// log starts from now on MUST be stored in [`Chat::log_start`].
    ///
    /// # Errors
    /// Only when storage fails.
    fn trim(&mut self, chat: ChatId, upto: Tick, bound: Bound) -> Result<Option<u64>, StoreError>;
}

/// Driven port: turns events into the frames that are stored and pushed.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait FrameEncoder: Send + Sync {
    /// The frame of an event at this place of its chat.
    #[allow(
        clippy::elidable_lifetime_names,
        reason = "mockall cannot take '_ here"
    )]
    fn encode<'a>(&self, chat: ChatId, seq: u64, event: Event<'a>) -> String;
    /// The frame of an event of this kind about a message that is deleted since.
    fn encode_redacted(&self, kind: EventKind, seq: u64, tombstone: &Message) -> String;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::talk::model::emoji::Emoji;
    use crate::testing::{a_chat, a_message, a_participant, agent_id, at, customer_id, stream_id};

    #[test]
    fn every_kind_is_found_by_its_name() {
        for kind in EventKind::ALL {
            assert_eq!(EventKind::parse(kind.as_str()), Some(kind));
        }
        assert_eq!(EventKind::parse("chatmessage_created"), None);
    }

    #[test]
    fn a_logged_kind_equals_no_other_kind() {
        for one in EventKind::ALL {
            for other in EventKind::ALL {
                assert_eq!(one.name() == other, one == other, "{one:?} {other:?}");
            }
        }
    }

    /// Checks that `event` is logged as an event of this kind about `subject`, with these changes.
    fn check(event: Event<'_>, kind: EventKind, subject: Uuid, changes: &[Change]) {
        assert_eq!((event.kind(), event.subject()), (kind, subject));
        let entry = event.entry("frame".into());
        let is_found = kind.has_content() && kind != EventKind::MessagePosted;
        assert_eq!(entry.content_of, is_found.then_some(subject));
        let expected = Logged {
            customer: customer_id(),
            stream: stream_id(1),
            seq: 7,
            kind: kind.name(),
            subject,
            changes: changes.to_vec(),
            payload: "frame".into(),
        };
        let logged = entry.logged(customer_id(), stream_id(1), 7);
        assert_eq!(logged, expected);
        let content = kind.has_content().then_some((kind, MessageId(subject)));
        assert_eq!(content_of(&logged), content);
    }

    /// LOG-04.
    #[test]
    fn an_event_of_a_chat_is_about_the_chat() {
        let (chat, id) = (a_chat(), a_chat().id.0);
        let founders = [agent_id(1), agent_id(2)];
        let created = Event::ChatCreated(&chat, &founders);
        let joins = founders.map(Change::Joins);
        check(created, EventKind::ChatCreated, id, &joins);
        check(Event::ChatUpdated(&chat), EventKind::ChatUpdated, id, &[]);
        let deleted = Event::ChatDeleted(&chat);
        check(deleted, EventKind::ChatDeleted, id, &[Change::Ends]);
    }

    /// LOG-04.
    #[test]
    fn an_event_of_a_message_is_about_the_message() {
        let (message, id) = (a_message(1), a_message(1).id.0);
        let reaction = Reaction {
            emoji: Emoji::parse("tada", 64).unwrap(),
            agent: agent_id(3),
            created: at(6),
        };
        let posted = Event::MessagePosted(&message);
        check(posted, EventKind::MessagePosted, id, &[]);
        let edited = Event::MessageEdited(&message);
        check(edited, EventKind::MessageEdited, id, &[]);
        let deleted = Event::MessageDeleted(&message);
        check(deleted, EventKind::MessageDeleted, id, &[]);
        let added = Event::ReactionAdded(&message, &reaction);
        check(added, EventKind::ReactionAdded, id, &[]);
        let removed = Event::ReactionRemoved(&message, &reaction);
        check(removed, EventKind::ReactionRemoved, id, &[]);
    }

    /// LOG-04.
    #[test]
    fn an_event_of_a_participant_is_about_the_agent() {
        let participant = a_participant(agent_id(2));
        let mark = ReadMark {
            customer: participant.customer,
            chat: participant.chat,
            agent: agent_id(2),
            place: a_chat().last,
            updated: at(6),
        };
        let id = agent_id(2).0;
        let joined = Event::ParticipantJoined(&participant);
        let change = [Change::Joins(agent_id(2))];
        check(joined, EventKind::ParticipantJoined, id, &change);
        let left = Event::ParticipantLeft(&participant);
        let change = [Change::Leaves(agent_id(2))];
        check(left, EventKind::ParticipantLeft, id, &change);
        check(Event::ChatRead(&mark), EventKind::ChatRead, id, &[]);
    }

    /// MSG-09: these are rewritten when the message is deleted.
    #[test]
    fn events_with_the_content_of_a_message_are_known() {
        let with_content = EventKind::ALL.into_iter().filter(|kind| kind.has_content());
        let expected = [
            EventKind::MessagePosted,
            EventKind::MessageEdited,
            EventKind::ReactionAdded,
            EventKind::ReactionRemoved,
        ];
        assert!(with_content.eq(expected));
    }

    /// The names in storage.
    #[test]
    fn no_two_kinds_have_one_name() {
        let names: std::collections::BTreeSet<_> =
            EventKind::ALL.map(EventKind::as_str).into_iter().collect();
        assert_eq!(names.len(), EventKind::ALL.len());
    }
}
