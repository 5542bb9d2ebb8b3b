//! The link of one subscriber to one stream.

/// The states of a link.
#[derive(Debug)]
pub(super) enum Link {
    /// Its cursor is at the head, and it gets events when the bell rings.
    Live,
    /// Its cursor is before the head, or may be.
    Behind(Behind),
    /// Its agent left with this event. Only a later event with which it joins links it again.
    Left(u64),
}

/// The state of a subscriber that gets pages of the log.
#[derive(Debug)]
pub(super) struct Behind {
    /// The last event that was sent.
    pub(super) cursor: u64,
    /// The position of a read that has no answer yet.
    pub(super) reads: Option<u64>,
    /// Whether the log may have events after the head that the fanout knows.
    pub(super) must_read: bool,
    /// Whether the connection resumed from a position.
    pub(super) is_replay: bool,
    /// Whether its agent is no participant at the cursor. It gets no event until the agent joins.
    pub(super) is_out: bool,
    /// Up to this event, leaving ends nothing: the agent was a participant again when it subscribed.
    pub(super) ends_after: u64,
    /// The event after which its agent may join again once it has left.
    pub(super) returns_after: u64,
}

impl Link {
    /// The state of a participant whose last event was `cursor`.
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
    /// Whether it can become live when the head is `head`.
    pub(super) const fn is_at(&self, head: u64) -> bool {
        self.cursor == head && self.reads.is_none() && !self.must_read
    }
}
