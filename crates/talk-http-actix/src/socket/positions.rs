//! The positions of a connection, for `position` frames about quiet chats.

use std::collections::{BTreeMap, HashMap};

use talk_domain::kernel::stream::StreamId;

/// The `seq` of the last event sent, per chat or conversation.
#[derive(Debug, Default)]
pub(super) struct Positions(HashMap<StreamId, Position>);

#[derive(Debug)]
struct Position {
    seq: u64,
    /// Whether it changed since the last `position` frame.
    is_fresh: bool,
}

impl Positions {
    /// Records that the client was sent everything of the chat up to this event.
    pub(super) fn set(&mut self, stream: StreamId, seq: u64) {
        let is_fresh = true;
        self.0.insert(stream, Position { seq, is_fresh });
    }

    /// Removes a chat that is no longer delivered.
    pub(super) fn remove_stream(&mut self, stream: StreamId) {
        self.0.remove(&stream);
    }

    /// Removes the chats for which `is_wanted` is false.
    pub(super) fn keep(&mut self, is_wanted: impl Fn(StreamId) -> bool) {
        self.0.retain(|stream, _| is_wanted(*stream));
    }

    /// Returns the chats without a frame since the last call.
    pub(super) fn quiet(&mut self) -> BTreeMap<StreamId, u64> {
        let mut quiet = BTreeMap::new();
        for (stream, position) in &mut self.0 {
            if !std::mem::replace(&mut position.is_fresh, false) {
                quiet.insert(*stream, position.seq);
            }
        }
        quiet
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use talk_domain::testing::stream_id;

    /// WS-10.
    #[test]
    fn a_chat_is_quiet_when_nothing_was_sent_for_a_while() {
        let mut positions = Positions::default();
        positions.set(stream_id(1), 7);
        positions.set(stream_id(2), 9);
        assert!(positions.quiet().is_empty());
        positions.set(stream_id(2), 10);
        let only_first = BTreeMap::from([(stream_id(1), 7)]);
        assert_eq!(positions.quiet(), only_first);
        positions.remove_stream(stream_id(1));
        assert_eq!(positions.quiet().len(), 1);
        positions.keep(|stream| stream == stream_id(1));
        assert!(positions.quiet().is_empty());
    }
}
