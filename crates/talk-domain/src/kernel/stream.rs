//! Event streams: how their events are numbered.

use crate::kernel::time::Timestamp;

/// A sequence number in a chat's event log, with its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tick {
    /// 1, 2, 3 … without gaps per chat.
    pub seq: u64,
    /// Strictly rising per chat.
    pub at: Timestamp,
}
