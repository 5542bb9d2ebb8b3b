//! One connection with its links.

use std::collections::{BTreeSet, HashMap};

use talk_domain::kernel::id::{AgentId, CustomerId};
use talk_domain::kernel::stream::{Realm, StreamId};

use super::link::Link;

/// The agent of a connection, and the realms that it oversees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    /// The agent.
    pub agent: AgentId,
    /// Its customer.
    pub customer: CustomerId,
    /// The realms of which it may read every stream of its customer, without joining.
    pub overseen: BTreeSet<Realm>,
}

#[cfg(test)]
impl Reader {
    /// Creates the reader of an agent that oversees nothing.
    pub(super) fn of(agent: AgentId) -> Self {
        Self {
            agent,
            customer: talk_domain::testing::customer_id(),
            overseen: BTreeSet::new(),
        }
    }
}

#[derive(Debug)]
pub(super) struct Subscriber {
    pub(super) reader: Reader,
    pub(super) links: HashMap<StreamId, Link>,
    /// The streams whose link is behind.
    pub(super) behind: Vec<StreamId>,
    /// The realms of which it is subscribed to all streams, also to those that its agent joins
    /// later.
    pub(super) follows: BTreeSet<Realm>,
    /// Number of bytes of notices in the queue of its connection.
    pub(super) queued: usize,
    /// Number of bytes of the next event from the log, if the queue had no space for it.
    pub(super) needs: usize,
    /// Whether a read of the log is in progress. There is at most one at a time.
    pub(super) is_reading: bool,
}

impl Subscriber {
    pub(super) fn new(reader: Reader) -> Self {
        Self {
            reader,
            links: HashMap::new(),
            behind: Vec::new(),
            follows: BTreeSet::new(),
            queued: 0,
            needs: 0,
            is_reading: false,
        }
    }

    /// Returns whether it is subscribed to all streams of the realm of `stream`, also to those that
    /// its agent joins later.
    pub(super) fn follows(&self, stream: StreamId) -> bool {
        self.follows.contains(&stream.realm)
    }
}
