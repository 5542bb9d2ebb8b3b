//! The subscribers of one stream on this node.

use super::SubscriberId;

#[derive(Debug)]
pub(super) struct Fanout {
    /// The stream's last event: the last one that the bell announced, or the head at which the
    /// first subscriber was linked.
    pub(super) head: u64,
    pub(super) live: Vec<SubscriberId>,
    pub(super) behind: Vec<SubscriberId>,
}

impl Fanout {
    pub(super) const fn at(head: u64) -> Self {
        Self {
            head,
            live: Vec::new(),
            behind: Vec::new(),
        }
    }

    pub(super) fn remove(&mut self, id: SubscriberId) {
        self.live.retain(|other| *other != id);
        self.behind.retain(|other| *other != id);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.live.is_empty() && self.behind.is_empty()
    }
}
