//! Events of conversations, and the port of their log.

use std::sync::Arc;

use talk_domain::kernel::id::{AgentId, ConversationId};
use talk_domain::kernel::log::{Kind, Logged};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::stream::Tick;
use uuid::Uuid;

use crate::model::conversation::Conversation;
use crate::model::message::Message;
use crate::model::room::Room;

/// Something that happened, with the state after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A conversation began.
    ConversationCreated(&'a Conversation),
    /// Name, detail, state or owner changed.
    ConversationUpdated(&'a Conversation),
    /// A message arrived or was sent in this room.
    MessageCreated(&'a Message, &'a Room),
    /// A message of this room has got further.
    MessageUpdated(&'a Message, &'a Room),
}

impl Event<'_> {
    /// Its kind, as it is stored and named in frames.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        Kind::new(match self {
            Self::ConversationCreated(_) => "conversation_created",
            Self::ConversationUpdated(_) => "conversation_updated",
            Self::MessageCreated(..) => "conversation_message_created",
            Self::MessageUpdated(..) => "conversation_message_updated",
        })
    }

    /// The object that it is about.
    #[must_use]
    pub const fn subject(&self) -> Uuid {
        match self {
            Self::ConversationCreated(conversation) | Self::ConversationUpdated(conversation) => {
                conversation.id.0
            }
            Self::MessageCreated(message, _) | Self::MessageUpdated(message, _) => message.id.0,
        }
    }
}

/// An event with its place in the log of its conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The conversation.
    pub conversation: ConversationId,
    /// Number and time, taken by [`Conversation::tick`].
    pub tick: Tick,
    /// The agent that caused it; `None` for the person outside.
    pub actor: Option<AgentId>,
    /// The change.
    pub event: Event<'a>,
}

/// Driven port: makes the frame of an event.
pub trait FrameEncoder: Send + Sync {
    /// Returns the JSON that is stored, pushed and replayed.
    fn encode_conversation(&self, entry: &Entry<'_>) -> String;
}

/// Driven port: the log of conversations, written in the unit's transaction.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait ConversationLog {
    /// Appends an event, and returns it as it is logged. It is delivered only if the unit commits.
    /// MUST fail if the event does not follow the last one of its conversation.
    ///
    /// # Errors
    /// When storage fails.
    #[allow(
        clippy::elidable_lifetime_names,
        reason = "mockall cannot take '_ here"
    )]
    fn append<'a>(&mut self, entry: &Entry<'a>) -> Result<Arc<Logged>, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{a_conversation, a_message, a_room};

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
