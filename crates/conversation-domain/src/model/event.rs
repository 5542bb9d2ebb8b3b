//! Events of conversations, and the port that encodes them as frames.

use std::sync::Arc;

use talk_domain::kernel::cleanup::Bound;
use talk_domain::kernel::id::{AgentId, ConversationId};
use talk_domain::kernel::log::{Entry, Kind};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::stream::Change;
use uuid::Uuid;

use crate::model::conversation::Conversation;
use crate::model::message::Message;
use crate::model::participant::Participant;
use crate::model::read::ReadMark;
use crate::model::room::Room;

/// A change of a conversation, with the state after the change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A conversation began.
    ConversationCreated(&'a Conversation),
    /// Name, detail, state or owner changed. The second field is the owner before the change, unless
    /// that agent goes on reading as a participant.
    ConversationUpdated(&'a Conversation, Option<AgentId>),
    /// A conversation was deleted: its last event.
    ConversationDeleted(&'a Conversation),
    /// A message arrived or was sent in this room.
    MessageCreated(&'a Message, &'a Room),
    /// The delivery of a message of this room moved forward.
    MessageUpdated(&'a Message, &'a Room),
    /// A message of this room was deleted.
    MessageDeleted(&'a Message, &'a Room),
    /// An agent takes part.
    ParticipantAdded(&'a Participant),
    /// An agent takes part no longer. Beside it whether it goes on reading as the owner.
    ParticipantRemoved(&'a Participant, bool),
    /// An agent has read further.
    Read(&'a ReadMark),
}

impl Event<'_> {
    /// Its kind, as it is stored and named in frames.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        Kind::new(match self {
            Self::ConversationCreated(_) => "conversation_created",
            Self::ConversationUpdated(..) => "conversation_updated",
            Self::ConversationDeleted(_) => "conversation_deleted",
            Self::MessageCreated(..) => "conversation_message_created",
            Self::MessageUpdated(..) => "conversation_message_updated",
            Self::MessageDeleted(..) => "conversation_message_deleted",
            Self::ParticipantAdded(_) => "conversation_participant_added",
            Self::ParticipantRemoved(..) => "conversation_participant_removed",
            Self::Read(_) => "conversation_read_updated",
        })
    }

    /// The entry in the log, with the event's frame.
    #[must_use]
    pub fn entry(&self, payload: Arc<str>) -> Entry {
        Entry {
            kind: self.kind(),
            subject: self.subject(),
            content_of: self.content_of(),
            changes: self.changes(),
            payload,
        }
    }

    /// The message whose text the frame holds, if the message does not name the event by its `seq`.
    const fn content_of(&self) -> Option<Uuid> {
        match self {
            Self::MessageUpdated(message, _) => Some(message.id.0),
            _ => None,
        }
    }

    /// The object that it is about.
    #[must_use]
    pub const fn subject(&self) -> Uuid {
        match self {
            Self::ConversationCreated(conversation)
            | Self::ConversationUpdated(conversation, _)
            | Self::ConversationDeleted(conversation) => conversation.id.0,
            Self::MessageCreated(message, _)
            | Self::MessageUpdated(message, _)
            | Self::MessageDeleted(message, _) => message.id.0,
            Self::ParticipantAdded(participant) | Self::ParticipantRemoved(participant, _) => {
                participant.agent.0
            }
            Self::Read(mark) => mark.agent.0,
        }
    }

    /// The changes of the stream's readers: a new owner or participant joins, and the one before leaves.
    fn changes(&self) -> Vec<Change> {
        let (before, after) = match self {
            Self::ConversationDeleted(_) => return vec![Change::Ends],
            Self::ConversationCreated(conversation) => (None, conversation.owner),
            Self::ConversationUpdated(conversation, before) => (*before, conversation.owner),
            Self::ParticipantAdded(participant) => (None, Some(participant.agent)),
            Self::ParticipantRemoved(participant, false) => (Some(participant.agent), None),
            Self::ParticipantRemoved(_, true)
            | Self::MessageCreated(..)
            | Self::MessageUpdated(..)
            | Self::MessageDeleted(..)
            | Self::Read(_) => (None, None),
        };
        if before == after {
            return Vec::new();
        }
        let leaves = before.map(Change::Leaves);
        leaves.into_iter().chain(after.map(Change::Joins)).collect()
    }
}

/// Driven port: encodes events as frames.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait FrameEncoder: Send + Sync {
    /// Returns the JSON of the event with number `seq` of its conversation. It is stored, pushed
    /// and replayed as it is.
    #[allow(
        clippy::elidable_lifetime_names,
        reason = "mockall cannot take '_ here"
    )]
    fn encode_conversation<'a>(
        &self,
        conversation: ConversationId,
        seq: u64,
        event: Event<'a>,
    ) -> String;
}

/// Driven port: the logged events of the unit's customer that hold texts of messages.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait MessageLog {
    /// Rewrites the first event of the message and its next other events, up to `bound` of them, so
    /// that they show the message as `now`. Returns whether there may be more.
    ///
    /// # Errors
    /// Only when storage fails.
    fn redact(&mut self, now: &Message, room: &Room, bound: Bound) -> Result<bool, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{a_conversation, a_message, a_participant, a_room};
    use talk_domain::testing::agent_id;

    /// CONV-13: the owner reads the stream, and no longer once another one has it.
    #[test]
    fn an_event_carries_the_change_of_the_owner() {
        let (one, two) = (agent_id(1), agent_id(2));
        let owned = |owner| Conversation {
            owner,
            ..a_conversation()
        };
        let changes = |event: Event<'_>| event.entry("{}".into()).changes;
        let update = |owner, before| changes(Event::ConversationUpdated(&owned(owner), before));
        let moved = vec![Change::Leaves(one), Change::Joins(two)];
        assert_eq!(update(Some(two), Some(one)), moved);
        assert_eq!(update(None, Some(one)), [Change::Leaves(one)]);
        assert_eq!(update(Some(one), Some(one)), []);
        let begun = changes(Event::ConversationCreated(&owned(Some(one))));
        assert_eq!(begun, [Change::Joins(one)]);
        let said = changes(Event::MessageCreated(&a_message(1), &a_room()));
        assert_eq!(said, []);
        let added = changes(Event::ParticipantAdded(&a_participant(2)));
        assert_eq!(added, [Change::Joins(two)]);
        let removed = |goes_on| changes(Event::ParticipantRemoved(&a_participant(2), goes_on));
        assert_eq!(removed(false), [Change::Leaves(two)]);
        assert_eq!(removed(true), []);
        let deleted = changes(Event::ConversationDeleted(&owned(Some(one))));
        assert_eq!(deleted, [Change::Ends]);
    }

    #[test]
    fn an_event_names_its_object() {
        let (conversation, message) = (a_conversation(), a_message(1));
        let room = a_room();
        let of_message = Event::MessageUpdated(&message, &room);
        let name = of_message.kind();
        assert_eq!(name.as_str(), "conversation_message_updated");
        assert_eq!(of_message.subject(), message.id.0);
        let subject = Event::ConversationCreated(&conversation).subject();
        assert_eq!(subject, conversation.id.0);
    }
}
