//! What the service shows: one type per resource, its fields in the documented order.

mod chat;
mod identity;
pub mod list;
mod media;
mod message;

pub use chat::{Chat, OwnChat, Participant, ReadMark};
pub use identity::{AccessKey, Agent, AgentPresence, Customer};
pub use list::List;
pub use media::{Address, Media};
pub use message::{Message, Metadata, Reaction, Revision, SystemNote};

/// The only type of owner there is, besides the chat itself.
pub const AGENT: &str = "agent";
