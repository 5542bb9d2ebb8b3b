//! A client that knows what it is entitled to.

use std::collections::{BTreeMap, HashMap, VecDeque};

use talk_domain::kernel::id::{AgentId, ChatId};
use talk_domain::kernel::log::LoggedEvent;
use talk_domain::talk::model::event::EventKind;

use crate::hub::Mark;

pub(super) struct Client {
    pub(super) agent: AgentId,
    pub(super) got: BTreeMap<ChatId, Vec<u64>>,
    pub(super) bytes: VecDeque<usize>,
    pub(super) pending: Option<(Mark, Vec<Seen>)>,
    pub(super) is_out: HashMap<ChatId, bool>,
    /// Whether it follows the chats by name that it is in when it subscribes, and no others.
    pub(super) is_choosy: bool,
    /// Whether the log is trimmed now and then.
    pub(super) is_forgetful: bool,
}

/// What a snapshot shows of a chat: its log, and the event with which the agent left it.
#[derive(Clone, Copy)]
pub(super) struct Seen {
    pub(super) chat: ChatId,
    pub(super) head: u64,
    pub(super) left: Option<u64>,
    /// The last event that is no longer in the log.
    pub(super) log_start: u64,
}

impl Client {
    /// Takes an event, which must be the next one it is entitled to.
    pub(super) fn receive(&mut self, chat: ChatId, seq: u64, log: &[LoggedEvent]) {
        let event = &log[seq as usize - 1];
        assert!(
            !self.is_choosy || self.is_out.get(&chat) == Some(&false),
            "nothing of a chat that was not asked for, or has ended"
        );
        let joins = event.kind == EventKind::ParticipantJoined && event.subject == self.agent.0;
        let leaves = event.kind == EventKind::ParticipantLeft && event.subject == self.agent.0;
        if self.is_forgetful && leaves {
            // Of what came before, its return perhaps, nothing is for it any more.
            self.is_out.insert(chat, false);
        } else if self.is_out.insert(chat, false) == Some(true) {
            assert!(joins, "after leaving, the first event is one's return");
        } else if let Some(last) = self.got.get(&chat).and_then(|got| got.last()) {
            assert_eq!(seq, last + 1, "each event once and in order");
        } else {
            assert!(
                joins || seq == 1,
                "a chat joined later starts with the joining"
            );
        }
        self.got.entry(chat).or_default().push(seq);
    }
}
