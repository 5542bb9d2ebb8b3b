//! The link of one subscriber to one stream.

/// The state of a link.
#[derive(Debug)]
pub(super) enum Link {
    /// The subscriber has got every event up to the head, and gets each new one when the bell
    /// rings.
    Live,
    /// The subscriber may have missed events, and reads the log.
    Behind(Behind),
    /// The agent left with this event. Only a later event by which it joins links the subscriber
    /// again.
    Left(u64),
}

/// The state of a subscriber that gets pages of the log.
#[derive(Debug)]
pub(super) struct Behind {
    /// The last event that was sent.
    pub(super) cursor: u64,
    /// The position from which a read of the log is in progress.
    pub(super) reads: Option<u64>,
    /// Whether the log must be read before the link can be live, because it may have events after
    /// `Fanout::head`.
    pub(super) must_read: bool,
    /// Whether the connection resumed from a position.
    pub(super) is_replay: bool,
    /// Whether the agent is not a participant at the cursor. The subscriber then gets no event
    /// until the one by which the agent joins.
    pub(super) is_out: bool,
    /// Up to this event, the agent's leaving does not end the delivery, because the agent was a
    /// participant again at the snapshot of the subscription.
    pub(super) ends_after: u64,
    /// The head of the latest snapshot. If the agent leaves at an earlier event, it has not joined
    /// again up to here, and the events in between are skipped.
    pub(super) returns_after: u64,
}

impl Link {
    /// Returns the state of a participant whose last event was `cursor`.
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
    /// Returns whether the link can become live, if the stream's head is `head`.
    pub(super) const fn is_at(&self, head: u64) -> bool {
        self.cursor == head && self.reads.is_none() && !self.must_read
    }
}
