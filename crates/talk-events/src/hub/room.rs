//! One chat with readers on this node.

use super::ReaderId;

#[derive(Debug)]
pub(super) struct Room {
    /// The last event the bell told of, or a page showed while nobody was live.
    pub(super) head: u64,
    pub(super) live: Vec<ReaderId>,
    pub(super) behind: Vec<ReaderId>,
}

impl Room {
    pub(super) const fn at(head: u64) -> Self {
        Self {
            head,
            live: Vec::new(),
            behind: Vec::new(),
        }
    }

    pub(super) fn remove(&mut self, id: ReaderId) {
        self.live.retain(|other| *other != id);
        self.behind.retain(|other| *other != id);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.live.is_empty() && self.behind.is_empty()
    }
}
