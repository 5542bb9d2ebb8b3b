//! What the service shows: one type per resource, its fields in the documented order.

mod chat;
mod identity;
mod media;
mod message;

use serde::{Deserialize, Serialize};
use talk_domain::page::Page;

use crate::page_token;
pub use chat::{Chat, OwnChat, Participant, ReadMark};
pub use identity::{AccessKey, Agent, AgentPresence, Customer};
pub use media::{Address, Media};
pub use message::{Message, Metadata, Reaction, Revision, SystemNote};

/// The only type of owner there is, besides the chat itself.
pub const AGENT: &str = "agent";

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct List<T> {
    /// The rows.
    pub result: Vec<T>,
    /// Where the next page continues; `""` on the last one.
    pub next_page_token: String,
}

impl<'a, D, T: From<&'a D>> From<&'a Page<D>> for List<T> {
    fn from(page: &'a Page<D>) -> Self {
        Self {
            result: page.rows.iter().map(T::from).collect(),
            next_page_token: page_token::encode_next(page.next.as_ref()),
        }
    }
}
