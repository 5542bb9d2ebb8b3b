//! Conversations with people outside: accounts, conversations and their messages.

use conversation_domain::model::account::Method;
use conversation_domain::model::message::Direction;
use conversation_domain::model::room::Room;
use conversation_domain::model::{address, conversation, message, participant, read};
use conversation_domain::read::state;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use talk_domain::kernel::id::AgentId;
use uuid::Uuid;

use crate::resource::{AGENT, ConversationMedia};
use crate::time;

/// An address of a person outside, or of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PeerAddress {
    /// Type.
    #[serde(rename = "type")]
    #[schemars(extend("enum" = ["tel", "line", "whatsapp", "email", "webchat"]))]
    pub kind: String,
    /// The number, mailbox or id.
    pub target: String,
    /// The name of whoever has it; may be empty.
    pub target_name: String,
    /// Always `""`.
    pub name: String,
    /// Always `""`.
    pub detail: String,
}

impl From<&address::Address> for PeerAddress {
    fn from(address: &address::Address) -> Self {
        Self {
            kind: address.kind.as_str().to_owned(),
            target: address.target.clone(),
            target_name: address.target_name.clone(),
            name: String::new(),
            detail: String::new(),
        }
    }
}

/// Type and id of an agent, or an empty type and the nil id for none.
fn owner(agent: Option<AgentId>) -> (String, String) {
    agent.map_or_else(
        || (String::new(), Uuid::nil().to_string()),
        |agent| (AGENT.to_owned(), agent.to_string()),
    )
}

/// A conversation with a person outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Conversation {
    /// Identity.
    pub id: String,
    /// Its customer.
    pub customer_id: String,
    /// `agent`, or `""` while nobody owns it.
    #[schemars(extend("enum" = ["", "agent"]))]
    pub owner_type: String,
    /// The owner; the nil id while there is none.
    pub owner_id: String,
    /// The account.
    pub account_id: String,
    /// Name.
    pub name: String,
    /// Detail.
    pub detail: String,
    /// The method.
    #[serde(rename = "type")]
    #[schemars(extend("enum" = ["message", "webchat"]))]
    pub kind: String,
    /// The id of the dialog at the provider; `""` if the method has none.
    #[schemars(extend("pattern" = "^.*$"))]
    pub dialog_id: String,
    /// The own address.
    #[serde(rename = "self")]
    pub own: PeerAddress,
    /// The address of the person outside.
    pub peer: PeerAddress,
    /// When the person outside refused further messages, so that sending is refused with 409
    /// `PEER_OPTED_OUT`; `""` if they may be sent.
    pub tm_opt_out: String,
    /// Whether it goes on.
    #[schemars(extend("enum" = ["active", "closed"]))]
    pub state: String,
    /// Number of its participants, besides the owner.
    pub participants_count: u32,
    /// The number of its newest event.
    pub last_seq: u64,
    /// Time of creation.
    pub tm_create: String,
    /// Time of the last change of the conversation itself.
    pub tm_update: String,
    /// Time of deletion; `""` if it is not deleted.
    pub tm_delete: String,
}

impl From<&conversation::Conversation> for Conversation {
    fn from(conversation: &conversation::Conversation) -> Self {
        let (owner_type, owner_id) = owner(conversation.owner);
        let room = &conversation.room;
        Self {
            id: conversation.id.to_string(),
            customer_id: conversation.customer.to_string(),
            owner_type,
            owner_id,
            account_id: room.account.to_string(),
            name: conversation.name.clone(),
            detail: conversation.detail.clone(),
            kind: room.method.as_str().to_owned(),
            dialog_id: String::new(),
            own: (&room.own).into(),
            peer: (&room.peer).into(),
            tm_opt_out: time::format_optional(room.opted_out),
            state: conversation.state.as_str().to_owned(),
            participants_count: conversation.participants,
            last_seq: conversation.last.seq,
            tm_create: time::format(conversation.created),
            tm_update: time::format(conversation.updated),
            tm_delete: time::format_optional(conversation.deleted),
        }
    }
}

/// A conversation with the caller's read state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OwnConversation {
    /// The conversation.
    #[serde(flatten)]
    pub conversation: Conversation,
    /// `seq` of the last message that the caller has read; 0 if it does not take part.
    pub read_seq: u64,
    /// Later messages that the caller has not written, among the latest 1,000.
    pub unread_count: u32,
}

impl From<&state::OwnConversation> for OwnConversation {
    fn from(own: &state::OwnConversation) -> Self {
        Self {
            conversation: (&own.conversation).into(),
            read_seq: own.read.seq,
            unread_count: own.read.unread,
        }
    }
}

/// The conversation with a person, found or begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OpenedConversation {
    /// The conversation.
    #[serde(flatten)]
    pub conversation: Conversation,
    /// `seq` of the last message that the caller has read; 0 if it does not take part.
    pub read_seq: u64,
    /// Later messages that the caller has not written, among the latest 1,000.
    pub unread_count: u32,
    /// Whether the conversation is new.
    pub created: bool,
}

impl OpenedConversation {
    /// Creates the resource.
    #[must_use]
    pub fn new(own: &state::OwnConversation, created: bool) -> Self {
        let own = OwnConversation::from(own);
        Self {
            conversation: own.conversation,
            read_seq: own.read_seq,
            unread_count: own.unread_count,
            created,
        }
    }
}

/// An agent that takes part in a conversation besides its owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConversationParticipant {
    /// Its customer.
    pub customer_id: String,
    /// The conversation.
    pub conversation_id: String,
    /// Always `agent`.
    #[schemars(extend("enum" = [AGENT]))]
    pub owner_type: String,
    /// The agent.
    pub owner_id: String,
    /// When it was added.
    pub tm_create: String,
}

impl From<&participant::Participant> for ConversationParticipant {
    fn from(participant: &participant::Participant) -> Self {
        Self {
            customer_id: participant.customer.to_string(),
            conversation_id: participant.conversation.to_string(),
            owner_type: AGENT.to_owned(),
            owner_id: participant.agent.to_string(),
            tm_create: time::format(participant.added),
        }
    }
}

/// Up to where an agent has read a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConversationReadMark {
    /// Its customer.
    pub customer_id: String,
    /// The conversation.
    pub conversation_id: String,
    /// Always `agent`.
    #[schemars(extend("enum" = [AGENT]))]
    pub owner_type: String,
    /// The reader.
    pub owner_id: String,
    /// `seq` of the last message read.
    pub read_seq: u64,
    /// When the mark was set.
    pub tm_update: String,
}

impl From<&read::ReadMark> for ConversationReadMark {
    fn from(mark: &read::ReadMark) -> Self {
        Self {
            customer_id: mark.customer.to_string(),
            conversation_id: mark.conversation.to_string(),
            owner_type: AGENT.to_owned(),
            owner_id: mark.agent.to_string(),
            read_seq: mark.seq,
            tm_update: time::format(mark.updated),
        }
    }
}

/// The agent that wrote a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Author {
    /// `agent`, or `""` for the person outside.
    #[schemars(extend("enum" = ["", "agent"]))]
    pub owner_type: String,
    /// The agent; the nil id for the person outside.
    pub owner_id: String,
}

/// Why a message was not delivered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeliveryFailure {
    /// The code of the provider, or a reason of the server.
    pub code: String,
    /// The reason for people.
    pub reason: String,
    /// Whether a further try would fail too.
    pub permanent: bool,
}

impl From<&message::Failure> for DeliveryFailure {
    fn from(failure: &message::Failure) -> Self {
        Self {
            code: failure.code.clone(),
            reason: failure.reason.clone(),
            permanent: failure.is_permanent,
        }
    }
}

/// The summary of a message's delivery. A web chat reports nothing before a message is read.
fn status(message: &message::Message, room: &Room) -> &'static str {
    use message::Delivery::{Accepted, Delivered, Failed, Read};
    match message.delivery {
        Failed => "failed",
        Delivered | Read => "done",
        Accepted if room.method == Method::Webchat => "done",
        _ => "progressing",
    }
}

/// A message of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConversationMessage {
    /// Identity.
    pub id: String,
    /// Its customer.
    pub customer_id: String,
    /// Its conversation.
    pub conversation_id: String,
    /// Its room.
    pub room_id: String,
    /// `incoming`: from the person outside.
    #[schemars(extend("enum" = ["incoming", "outgoing"]))]
    pub direction: String,
    /// `done` once it has arrived, or the method has accepted it and reports nothing more.
    #[schemars(extend("enum" = ["progressing", "done", "failed"]))]
    pub status: String,
    /// How far it has got.
    #[schemars(extend("enum" = ["queued", "submitting", "unknown", "accepted", "sent", "failed", "delivered", "read"]))]
    pub delivery: String,
    /// Why it was not delivered, or not at the last try; null if it was or is on its way.
    #[schemars(extend("x-null" = true))]
    pub failure: Option<DeliveryFailure>,
    /// The method.
    #[schemars(extend("enum" = ["message", "webchat"]))]
    pub reference_type: String,
    /// Of an incoming message: its id for the method. `""` for an outgoing one.
    #[schemars(extend("pattern" = "^.*$"))]
    pub reference_id: String,
    /// The author.
    pub author: Author,
    /// The sending address.
    pub source: PeerAddress,
    /// The receiving address.
    pub destination: PeerAddress,
    /// Text.
    pub text: String,
    /// Its files.
    pub medias: Vec<ConversationMedia>,
    /// The number of its first event in the conversation.
    pub seq: u64,
    /// Time of creation.
    pub tm_create: String,
    /// Time of the last change.
    pub tm_update: String,
    /// Time of deletion, which removes the text; `""` if it is not deleted.
    pub tm_delete: String,
}

impl ConversationMessage {
    /// A message of this room.
    #[must_use]
    pub fn new(message: &message::Message, room: &Room) -> Self {
        let (source, destination) = match message.direction {
            Direction::Incoming => (&room.peer, &room.own),
            Direction::Outgoing => (&room.own, &room.peer),
        };
        let (owner_type, owner_id) = owner(message.author);
        Self {
            id: message.id.to_string(),
            customer_id: message.customer.to_string(),
            conversation_id: message.conversation.to_string(),
            room_id: message.room.to_string(),
            direction: message.direction.as_str().to_owned(),
            status: status(message, room).to_owned(),
            delivery: message.delivery.as_str().to_owned(),
            failure: message.failure.as_ref().map(DeliveryFailure::from),
            reference_type: room.method.as_str().to_owned(),
            reference_id: message.reference.clone(),
            author: Author {
                owner_type,
                owner_id,
            },
            source: source.into(),
            destination: destination.into(),
            text: message.text.clone(),
            medias: message.medias.iter().map(ConversationMedia::from).collect(),
            seq: message.seq,
            tm_create: time::format(message.created),
            tm_update: time::format(message.updated),
            tm_delete: time::format_optional(message.deleted),
        }
    }
}
