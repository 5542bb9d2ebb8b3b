//! Resources as JSON: one type each, with the fields in the documented order.

mod account;
mod chat;
mod conversation;
mod conversation_media;
pub mod file;
mod identity;
mod intercept;
pub mod list;
mod log;
mod media;
mod message;
mod visitor;
mod webhook;

pub use account::{
    AccountCheck, AccountProblem, AccountReceipt, ConversationAccount, Password, ProviderData,
};
pub use chat::{Chat, OwnChat, Participant, ReadMark};
pub use conversation::{
    Author, Conversation, ConversationMessage, ConversationParticipant, ConversationReadMark,
    DeliveryFailure, OpenedConversation, OwnConversation, PeerAddress,
};
pub use conversation_media::{ConversationMedia, VisitorMedia};
pub use file::File;
pub use identity::{AccessKey, Agent, AgentPresence, Customer};
pub use intercept::{
    Decision, Held, HeldMessage, Intercept, InterceptCall, InterceptRequest, ProposedContent,
    ProposedMessage,
};
pub use list::List;
pub use log::{AnyEventPage, EventPage, Health};
pub use media::{Address, Media};
pub use message::{Message, Metadata, Reaction, Revision, SystemNote};
pub use visitor::{VisitorMessage, VisitorMessages, VisitorSession};
pub use webhook::{Delivery, DeliveryAttempt, Replayed, Webhook};

/// The type of owner of everything but system messages.
pub const AGENT: &str = "agent";
