//! A hub whose outbox is read line by line.

use talk_domain::kernel::id::ChatId;
use talk_domain::kernel::live::Notice;
use talk_domain::kernel::log::LoggedEvent;
use talk_domain::talk::live::subscribe::Start;
use talk_domain::talk::model::event::EventKind;
use talk_domain::testing::agent_id;
use uuid::Uuid;

use crate::hub::model::Out;
use crate::hub::{Hub, Mark, Page, ReaderId};

/// The hub, and what it wanted done.
pub(super) struct Desk {
    pub(super) hub: Hub,
    pub(super) out: Out,
}

impl Desk {
    /// A hub that queues at most `queue_limit` bytes per reader.
    pub(super) fn new(queue_limit: usize) -> Self {
        Self {
            hub: Hub::new(queue_limit),
            out: Out::default(),
        }
    }

    /// Connects reader `id` of the `agent`th agent, which follows what its agent joins.
    pub(super) fn connect(&mut self, id: u64, agent: u128) {
        self.hub.connect(ReaderId(id), agent_id(agent));
        self.hub.follow_joined(ReaderId(id), true);
    }

    /// Begins the delivery of a chat by a snapshot that was taken right now.
    pub(super) fn attach(&mut self, id: u64, chat: ChatId, start: Start) -> bool {
        let mark = self.hub.mark();
        self.attach_since(id, mark, (chat, start))
    }

    /// Begins the delivery of a chat by a snapshot that was taken after `mark`.
    pub(super) fn attach_since(&mut self, id: u64, mark: Mark, start: (ChatId, Start)) -> bool {
        self.hub.attach(ReaderId(id), mark, &[start], &mut self.out)
    }

    /// Connects a reader that is live in the chat, whose last event is `head`.
    pub(super) fn live(&mut self, id: u64, agent: u128, (chat, head): (ChatId, u64)) {
        self.connect(id, agent);
        assert!(self.attach(id, chat, Start::Head(head)));
        assert_eq!(self.sent(id), [format!("begun after {head} of {head}")]);
    }

    /// Rings.
    pub(super) fn commit(&mut self, events: &[LoggedEvent]) {
        self.hub.committed(events, &mut self.out);
    }

    /// Answers a read of the log.
    pub(super) fn page(&mut self, id: u64, (chat, since): (ChatId, u64), events: &[LoggedEvent]) {
        let page = Page {
            chat,
            since,
            events,
            is_end: true,
            gap: None,
        };
        self.hub.page(ReaderId(id), &page, &mut self.out);
    }

    /// Answers a read of the log that has more.
    pub(super) fn first_page(&mut self, id: u64, (chat, since): (ChatId, u64), of: &[LoggedEvent]) {
        let page = Page {
            chat,
            since,
            events: of,
            is_end: false,
            gap: None,
        };
        self.hub.page(ReaderId(id), &page, &mut self.out);
    }

    /// The connection took some bytes.
    pub(super) fn drain(&mut self, id: u64, bytes: usize) {
        self.hub.drained(ReaderId(id), bytes, &mut self.out);
    }

    /// What was sent to a reader since this was last asked.
    pub(super) fn sent(&mut self, id: u64) -> Vec<String> {
        let all = std::mem::take(&mut self.out.notices);
        let (of_reader, others): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|(reader, _)| reader.0 == id);
        self.out.notices = others;
        of_reader.iter().map(|(_, notice)| line(notice)).collect()
    }

    /// The reads of the log asked for since this was last asked: for whom, of which chat, after
    /// which event, and how many bytes.
    pub(super) fn reads(&mut self) -> Vec<(u64, ChatId, u64, usize)> {
        let reads = std::mem::take(&mut self.out.reads);
        let reads = reads.into_iter();
        reads
            .map(|(reader, chat, since, bytes)| (reader.0, chat, since, bytes))
            .collect()
    }
}

fn line(notice: &Notice) -> String {
    match notice {
        Notice::Begun(begun) => {
            let begun: Vec<_> = begun
                .iter()
                .map(|begun| format!("begun after {} of {}", begun.after, begun.head))
                .collect();
            begun.join(", ")
        }
        Notice::Event { event, is_replay } => {
            let word = if *is_replay { "replayed" } else { "event" };
            format!("{word} {}", event.seq)
        }
        Notice::CaughtUp(_, seq) => format!("caught up at {seq}"),
        Notice::Lagging(_, seq) => format!("lagging after {seq}"),
        Notice::Reset(_, reason, seq) => format!("reset {reason:?} to {seq}"),
        Notice::Unsubscribed(_, ended, seq) => format!("unsubscribed {ended:?} at {seq}"),
        Notice::Passing(_, frame) => format!("passing {frame}"),
        Notice::Presence(_, presence) => format!("presence {presence:?}"),
    }
}

/// An event with a frame of ten bytes.
pub(super) fn event(chat: ChatId, seq: u64, kind: EventKind, subject: Uuid) -> LoggedEvent {
    LoggedEvent {
        chat,
        seq,
        kind,
        subject,
        frame: "0123456789".into(),
    }
}

/// A message.
pub(super) fn said(chat: ChatId, seq: u64) -> LoggedEvent {
    event(chat, seq, EventKind::MessagePosted, Uuid::nil())
}

/// A message with a frame of so many bytes.
pub(super) fn long(chat: ChatId, seq: u64, bytes: usize) -> LoggedEvent {
    LoggedEvent {
        frame: "x".repeat(bytes).into(),
        ..said(chat, seq)
    }
}

/// The `agent`th agent joined.
pub(super) fn joined(chat: ChatId, seq: u64, agent: u128) -> LoggedEvent {
    event(chat, seq, EventKind::ParticipantJoined, agent_id(agent).0)
}

/// The `agent`th agent left.
pub(super) fn left(chat: ChatId, seq: u64, agent: u128) -> LoggedEvent {
    event(chat, seq, EventKind::ParticipantLeft, agent_id(agent).0)
}

/// A chat was created.
pub(super) fn created(chat: ChatId) -> LoggedEvent {
    event(chat, 1, EventKind::ChatCreated, chat.0)
}
