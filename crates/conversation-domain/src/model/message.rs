//! Messages of conversations, and the progress of their delivery.

use talk_domain::kernel::id::{AgentId, ConversationId, ConversationMessageId, CustomerId, RoomId};
use talk_domain::kernel::page::{Page, PageRequest};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::time::Timestamp;

use crate::model::media::Media;

/// The direction of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the person outside.
    Incoming,
    /// To the person outside.
    Outgoing,
}

impl Direction {
    /// Its name in answers and at rest.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Incoming => "incoming",
            Self::Outgoing => "outgoing",
        }
    }

    /// The direction with this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let all = [Self::Incoming, Self::Outgoing];
        all.into_iter().find(|way| way.as_str() == name)
    }
}

/// The progress of a message's delivery. The variants are in the order of progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Delivery {
    /// It waits to be sent.
    Queued,
    /// It is being sent.
    Submitting,
    /// Whether the provider has received it is not known.
    Unknown,
    /// The method has accepted it.
    Accepted,
    /// The provider has sent it on.
    Sent,
    /// It was not delivered.
    Failed,
    /// It has arrived.
    Delivered,
    /// It was read.
    Read,
}

impl Delivery {
    const ALL: [Self; 8] = [
        Self::Queued,
        Self::Submitting,
        Self::Unknown,
        Self::Accepted,
        Self::Sent,
        Self::Failed,
        Self::Delivered,
        Self::Read,
    ];

    /// Its name in answers and at rest.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Submitting => "submitting",
            Self::Unknown => "unknown",
            Self::Accepted => "accepted",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Delivered => "delivered",
            Self::Read => "read",
        }
    }

    /// The step with this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.as_str() == name)
    }
}

/// Why a message was not delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The code of the provider, or our own reason.
    pub code: String,
    /// The reason for people.
    pub reason: String,
    /// Whether a further try would fail too.
    pub is_permanent: bool,
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Identity.
    pub id: ConversationMessageId,
    /// Customer.
    pub customer: CustomerId,
    /// Conversation.
    pub conversation: ConversationId,
    /// Room.
    pub room: RoomId,
    /// Direction.
    pub direction: Direction,
    /// The agent that wrote it; `None` for the person outside.
    pub author: Option<AgentId>,
    /// The identity of the message for the method: of an incoming one, the id of its event; of an
    /// outgoing one, the id that the provider gave it.
    pub reference: String,
    /// Text.
    pub text: String,
    /// Medias.
    pub medias: Vec<Media>,
    /// Progress of its delivery.
    pub delivery: Delivery,
    /// Why it was not delivered, or why it was not at the last try.
    pub failure: Option<Failure>,
    /// The number of its first event in the stream of the conversation.
    pub seq: u64,
    /// Time of creation.
    pub created: Timestamp,
    /// Time of the last change.
    pub updated: Timestamp,
    /// Time of deletion. A deleted message has neither a text nor a failure.
    pub deleted: Option<Timestamp>,
}

impl Message {
    /// Moves the delivery forward to `step`. Returns `false`, and changes nothing, if the delivery
    /// is at this step or a later one: receipts may arrive twice and in any order.
    pub fn advance(&mut self, step: Delivery, at: Timestamp) -> bool {
        let moves = step > self.delivery;
        if moves {
            self.delivery = step;
            self.updated = at;
        }
        moves
    }
}

/// Driven port: the messages of the unit's customer.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait MessageRepository {
    /// Finds a message.
    ///
    /// # Errors
    /// Only when storage fails.
    fn get(&mut self, id: ConversationMessageId) -> Result<Option<Message>, StoreError>;

    /// Stores a new message.
    ///
    /// # Errors
    /// Only when storage fails.
    fn insert(&mut self, message: &Message) -> Result<(), StoreError>;

    /// Stores delivery, failure, reference, medias and time of change of a message, and the text and the
    /// time of deletion of one that is deleted.
    ///
    /// # Errors
    /// When storage fails, and when the message is not there.
    fn update(&mut self, message: &Message) -> Result<(), StoreError>;

    /// Returns up to `limit` outgoing messages with a `seq` up to `seq` that were neither read nor
    /// deleted, the oldest first.
    ///
    /// # Errors
    /// Only when storage fails.
    fn unread_outgoing(
        &mut self,
        conversation: ConversationId,
        seq: u64,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError>;

    /// Returns up to `limit` messages that an agent has written and that are not deleted.
    ///
    /// # Errors
    /// Only when storage fails.
    fn of_author(&mut self, agent: AgentId, limit: u32) -> Result<Vec<Message>, StoreError>;
}

/// Driven port: reading the messages of one customer.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait MessageQueries {
    /// Finds a message.
    ///
    /// # Errors
    /// Only when storage fails.
    fn get(&mut self, id: ConversationMessageId) -> Result<Option<Message>, StoreError>;

    /// Lists the messages of a conversation, ordered by `(created, id)`.
    ///
    /// # Errors
    /// Only when storage fails.
    fn page(
        &mut self,
        conversation: ConversationId,
        request: PageRequest,
    ) -> Result<Page<Message>, StoreError>;

    /// Returns up to `limit` messages after `seq`, in the order of the stream.
    ///
    /// # Errors
    /// Only when storage fails.
    fn after(
        &mut self,
        conversation: ConversationId,
        seq: u64,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError>;

    /// Returns the ids of the deleted ones among the last `limit` messages up to `seq`, in the order of
    /// the stream.
    ///
    /// # Errors
    /// Only when storage fails.
    fn deleted_before(
        &mut self,
        conversation: ConversationId,
        seq: u64,
        limit: u32,
    ) -> Result<Vec<ConversationMessageId>, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::a_message;
    use talk_domain::testing::at;

    /// CONV-08: delivery never moves back, also if a receipt arrives twice or late.
    #[test]
    fn delivery_only_moves_forward() {
        for from in Delivery::ALL {
            for to in Delivery::ALL {
                let mut message = Message {
                    delivery: from,
                    ..a_message(1)
                };
                let before = message.updated;
                let moves = message.advance(to, at(99));
                assert_eq!(moves, to > from, "{from:?} {to:?}");
                assert_eq!(message.delivery, from.max(to));
                assert_eq!(message.updated, if moves { at(99) } else { before });
            }
        }
    }

    #[test]
    fn steps_and_directions_are_read_by_their_names() {
        for step in Delivery::ALL {
            assert_eq!(Delivery::parse(step.as_str()), Some(step));
        }
        for way in [Direction::Incoming, Direction::Outgoing] {
            assert_eq!(Direction::parse(way.as_str()), Some(way));
        }
        assert_eq!((Delivery::parse(""), Direction::parse("")), (None, None));
    }
}
