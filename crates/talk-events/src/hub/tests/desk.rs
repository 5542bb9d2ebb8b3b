//! A hub whose commands the tests read as lines of text.

use std::collections::BTreeSet;
use std::sync::Arc;

use talk_domain::kernel::live::{Notice, Scope, Start};
use talk_domain::kernel::log::Logged;
use talk_domain::kernel::stream::{Change, Realm, StreamId};
use talk_domain::testing::{agent_id, logged, stream_id};

use crate::hub::model::Out;
use crate::hub::{CommitMark, Hub, Page, Reader, SubscriberId};

/// The hub and its pending commands.
pub(super) struct Desk {
    pub(super) hub: Hub,
    pub(super) out: Out,
}

/// The realm of all streams of these tests.
fn every() -> BTreeSet<Realm> {
    [stream_id(1).realm].into()
}

/// The `n`th agent, which may read every stream of its customer.
pub(super) fn overseer(n: u128) -> Reader {
    Reader {
        overseen: every(),
        ..Reader::of(agent_id(n))
    }
}

impl Desk {
    /// A hub that queues at most `queue_limit` bytes per subscriber.
    pub(super) fn new(queue_limit: usize) -> Self {
        Self {
            hub: Hub::new(queue_limit),
            out: Out::default(),
        }
    }

    /// Connects subscriber `id` of the `agent`th agent, which is subscribed to the streams that its
    /// agent joins later.
    pub(super) fn connect(&mut self, id: u64, agent: u128) {
        self.connect_reader(id, Reader::of(agent_id(agent)));
    }

    /// Connects subscriber `id` of a reader, subscribed like those of [`Desk::connect`].
    pub(super) fn connect_reader(&mut self, id: u64, reader: Reader) {
        self.hub.connect(SubscriberId(id), reader);
        self.hub.follow(SubscriberId(id), &every());
    }

    /// Ends the subscription to streams that the agent joins later.
    pub(super) fn follow_no_more(&mut self, id: u64) {
        self.hub.unsubscribe(SubscriberId(id), &Scope::default());
    }

    /// Subscribes to a stream by a snapshot taken now.
    pub(super) fn subscribe(&mut self, id: u64, stream: StreamId, start: Start) -> bool {
        let mark = self.hub.mark();
        self.subscribe_since(id, mark, (stream, start))
    }

    /// Subscribes to a stream by a snapshot taken after `mark`.
    pub(super) fn subscribe_since(
        &mut self,
        id: u64,
        mark: CommitMark,
        start: (StreamId, Start),
    ) -> bool {
        self.hub
            .subscribe(SubscriberId(id), mark, &[start], &mut self.out)
    }

    /// Connects a subscriber that is live in the stream, whose last event is `head`.
    pub(super) fn live(&mut self, id: u64, agent: u128, (stream, head): (StreamId, u64)) {
        self.connect(id, agent);
        assert!(self.subscribe(id, stream, Start::Head(head)));
        assert_eq!(self.sent(id), [format!("begun after {head} of {head}")]);
    }

    /// Rings the bell with these events.
    pub(super) fn commit(&mut self, events: &[Arc<Logged>]) {
        self.hub.committed(events, &mut self.out);
    }

    /// Answers a read of the log.
    pub(super) fn page(
        &mut self,
        id: u64,
        (stream, since): (StreamId, u64),
        events: &[Arc<Logged>],
    ) {
        let page = Page {
            stream,
            since,
            events,
            is_end: true,
            gap: None,
        };
        self.hub.page(SubscriberId(id), &page, &mut self.out);
    }

    /// Answers a read of the log that has more.
    pub(super) fn first_page(
        &mut self,
        id: u64,
        (stream, since): (StreamId, u64),
        of: &[Arc<Logged>],
    ) {
        let page = Page {
            stream,
            since,
            events: of,
            is_end: false,
            gap: None,
        };
        self.hub.page(SubscriberId(id), &page, &mut self.out);
    }

    /// The client received `bytes` of its queue.
    pub(super) fn drain(&mut self, id: u64, bytes: usize) {
        self.hub.acknowledge(SubscriberId(id), bytes, &mut self.out);
    }

    /// Returns the notices sent to a subscriber since the last call.
    pub(super) fn sent(&mut self, id: u64) -> Vec<String> {
        let all = std::mem::take(&mut self.out.notices);
        let (of_subscriber, others): (Vec<_>, Vec<_>) = all
            .into_iter()
            .partition(|(subscriber, _)| subscriber.0 == id);
        self.out.notices = others;
        of_subscriber
            .iter()
            .map(|(_, notice)| line(notice))
            .collect()
    }

    /// Returns the reads of the log that the hub has requested since the last call: the subscriber,
    /// the stream, the event after which it starts, and the maximum of bytes.
    pub(super) fn reads(&mut self) -> Vec<(u64, StreamId, u64, usize)> {
        let reads = std::mem::take(&mut self.out.reads);
        let reads = reads.into_iter();
        reads
            .map(|(subscriber, stream, since, bytes)| (subscriber.0, stream, since, bytes))
            .collect()
    }
}

fn line(notice: &Notice) -> String {
    match notice {
        Notice::Subscribed(begun) => {
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
        Notice::Ephemeral(_, frame) => format!("passing {frame}"),
        Notice::Presence(_, presence) => format!("presence {presence:?}"),
        Notice::Report(frame) => format!("report {frame}"),
    }
}

/// An event with a payload of ten bytes.
pub(super) fn event(stream: StreamId, seq: u64, changes: &[Change]) -> Arc<Logged> {
    logged(stream, seq, changes, "0123456789")
}

/// Creates an event that changes no membership.
pub(super) fn said(stream: StreamId, seq: u64) -> Arc<Logged> {
    event(stream, seq, &[])
}

/// The same with a payload of `bytes` bytes.
pub(super) fn long(stream: StreamId, seq: u64, bytes: usize) -> Arc<Logged> {
    logged(stream, seq, &[], &"x".repeat(bytes))
}

/// The `agent`th agent joined.
pub(super) fn joined(stream: StreamId, seq: u64, agent: u128) -> Arc<Logged> {
    event(stream, seq, &[Change::Joins(agent_id(agent))])
}

/// The `agent`th agent left.
pub(super) fn left(stream: StreamId, seq: u64, agent: u128) -> Arc<Logged> {
    event(stream, seq, &[Change::Leaves(agent_id(agent))])
}

/// A stream began with these founders.
pub(super) fn founded(stream: StreamId, founders: &[u128]) -> Arc<Logged> {
    let founders = founders.iter().map(|agent| Change::Joins(agent_id(*agent)));
    event(stream, 1, &founders.collect::<Vec<_>>())
}
