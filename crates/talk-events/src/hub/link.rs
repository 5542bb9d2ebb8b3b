//! Where one reader stands in one chat.

/// The states of a link.
#[derive(Debug)]
pub(super) enum Link {
    /// At the head: gets events as the bell rings.
    Live,
    /// Before the head, or not known to be at it.
    Behind(Behind),
    /// Its agent left with this event; only a later joining begins anew.
    Out(u64),
}

/// A reader that is being caught up.
#[derive(Debug)]
pub(super) struct Behind {
    /// The last event it got.
    pub(super) cursor: u64,
    /// A read of the log that has not answered yet, by its position.
    pub(super) reads: Option<u64>,
    /// Whether the log may hold more than the room's head tells.
    pub(super) must_read: bool,
    /// Whether it asked for what it gets.
    pub(super) is_replay: bool,
    /// Whether, where the cursor is, its agent is no participant: it gets nothing until it is.
    pub(super) is_out: bool,
    /// The agent's leaving up to this event is history: the agent was back when the reader subscribed.
    pub(super) ends_after: u64,
    /// Where to look for its agent's return once it is out.
    pub(super) returns_after: u64,
}

impl Link {
    /// A participant that is behind after `cursor`.
    pub(super) const fn behind(cursor: u64) -> Behind {
        Behind {
            cursor,
            reads: None,
            must_read: false,
            is_replay: false,
            is_out: false,
            ends_after: 0,
            returns_after: 0,
        }
    }
}

impl Behind {
    /// Whether it can go live where the head is `head`.
    pub(super) const fn is_at(&self, head: u64) -> bool {
        self.cursor == head && self.reads.is_none() && !self.must_read
    }
}
