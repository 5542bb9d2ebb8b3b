//! A client that checks that it receives exactly the events it is entitled to.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use talk_domain::kernel::id::AgentId;
use talk_domain::kernel::log::Logged;
use talk_domain::kernel::stream::{Change, StreamId};

use crate::hub::CommitMark;

pub(super) struct Client {
    pub(super) agent: AgentId,
    pub(super) got: BTreeMap<StreamId, Vec<u64>>,
    pub(super) bytes: VecDeque<usize>,
    pub(super) pending: Option<(CommitMark, Vec<Seen>)>,
    pub(super) is_out: HashMap<StreamId, bool>,
    /// Whether it subscribes by name to its current streams, and so not to those that it joins
    /// later.
    pub(super) is_choosy: bool,
    /// Whether the log is trimmed from time to time.
    pub(super) is_forgetful: bool,
}

/// A stream as a snapshot shows it: its log, and the event with which the agent left it.
#[derive(Clone, Copy)]
pub(super) struct Seen {
    pub(super) stream: StreamId,
    pub(super) head: u64,
    pub(super) left: Option<u64>,
    /// The last event that is no longer in the log.
    pub(super) log_start: u64,
}

impl Client {
    /// Receives an event, which must be the next one that the client is entitled to.
    pub(super) fn receive(&mut self, stream: StreamId, seq: u64, log: &[Arc<Logged>]) {
        let event = &log[seq as usize - 1];
        assert!(
            !self.is_choosy || self.is_out.get(&stream) == Some(&false),
            "nothing of a stream that was not asked for, or has ended"
        );
        let joins = event.changes.contains(&Change::Joins(self.agent));
        let leaves = event.changes.contains(&Change::Leaves(self.agent));
        if self.is_forgetful && leaves {
            // Earlier events, which may include its return, are not for it any more.
            self.is_out.insert(stream, false);
        } else if self.is_out.insert(stream, false) == Some(true) {
            assert!(joins, "after leaving, the first event is one's return");
        } else if let Some(last) = self.got.get(&stream).and_then(|got| got.last()) {
            assert_eq!(seq, last + 1, "each event once and in order");
        } else {
            assert!(
                joins || seq == 1,
                "a stream joined later starts with the joining"
            );
        }
        self.got.entry(stream).or_default().push(seq);
    }
}
