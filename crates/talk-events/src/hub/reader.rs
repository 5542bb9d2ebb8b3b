//! One connection.

use std::collections::HashMap;

use talk_domain::kernel::id::{AgentId, ChatId};

use super::link::Link;

#[derive(Debug)]
pub(super) struct Reader {
    pub(super) agent: AgentId,
    pub(super) links: HashMap<ChatId, Link>,
    /// The chats whose link is behind.
    pub(super) behind: Vec<ChatId>,
    pub(super) follows_joined: bool,
    /// Bytes of events its connection has not taken yet.
    pub(super) queued: usize,
    /// Bytes of the next event out of the log, if there was no space for it.
    pub(super) needs: usize,
    /// Whether a read of the log is on its way; one at a time.
    pub(super) is_reading: bool,
}

impl Reader {
    pub(super) fn new(agent: AgentId) -> Self {
        Self {
            agent,
            links: HashMap::new(),
            behind: Vec::new(),
            follows_joined: false,
            queued: 0,
            needs: 0,
            is_reading: false,
        }
    }
}
