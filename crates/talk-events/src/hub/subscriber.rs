//! One connection with its links.

use std::collections::HashMap;

use talk_domain::kernel::id::AgentId;
use talk_domain::kernel::stream::StreamId;

use super::link::Link;

#[derive(Debug)]
pub(super) struct Subscriber {
    pub(super) agent: AgentId,
    pub(super) links: HashMap<StreamId, Link>,
    /// The streams whose link is behind.
    pub(super) behind: Vec<StreamId>,
    pub(super) follows_joined: bool,
    /// Bytes of notices in the queue of its connection.
    pub(super) queued: usize,
    /// Bytes of the next event from the log, if the queue had no space for it.
    pub(super) needs: usize,
    /// Whether a read of the log is in progress; one at a time.
    pub(super) is_reading: bool,
}

impl Subscriber {
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
