//! Searches of message texts.

use crate::kernel::id::{AgentId, ChatId};
use crate::kernel::needle::Needle;
use crate::kernel::time::Timestamp;

/// Filters of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageSearch {
    /// The text to find.
    pub needle: Needle,
    /// Only this chat.
    pub chat: Option<ChatId>,
    /// Only messages of this agent.
    pub author: Option<AgentId>,
    /// Only messages created after this time.
    pub after: Option<Timestamp>,
    /// Only messages created before this time.
    pub before: Option<Timestamp>,
}
