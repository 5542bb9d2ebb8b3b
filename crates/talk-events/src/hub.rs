//! The hub decides which subscriber gets which event: a state machine without I/O.
//!
//! A stream has a head, its last event. A subscriber has a link to each of its streams, in one of two
//! states. A *live* subscriber gets each event when the bell rings. A subscriber that is *behind* gets
//! pages of the log until its cursor is at the head. A subscription that starts in the past, a slow
//! connection and a gap between two rings are all handled by the same transition: the link becomes
//! behind, at its cursor. So no event is skipped and none is sent twice.
//!
//! Events carry [changes](talk_domain::kernel::stream::Change) of their stream's readers. The hub
//! applies them with the event that carries them, live or from the log. Besides, it reads only the
//! `seq` and the size of an event.

mod delivery;
mod fanout;
mod link;
#[cfg(test)]
mod model;
mod replay;
mod subscriber;
mod subscribing;
#[cfg(test)]
mod tests;

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::hash::Hash;
use std::sync::Arc;

use talk_domain::kernel::id::{AgentId, CustomerId};
use talk_domain::kernel::live::{Gap, Notice, Presence, Scope};
use talk_domain::kernel::log::Logged;
use talk_domain::kernel::stream::{Change, Realm, StreamId};

use fanout::Fanout;
use link::Link;
pub use subscriber::Reader;
use subscriber::Subscriber;

/// Identity of a connection on this node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SubscriberId(pub u64);

/// A point in the sequence of commits that the bell has announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommitMark(u64);

/// A page of a stream, as it was read from the log.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// The stream that was read.
    pub stream: StreamId,
    /// The position that it was read from.
    pub since: u64,
    /// The events that follow the position, in ascending order.
    pub events: &'a [Arc<Logged>],
    /// Whether no event followed these in the log.
    pub is_end: bool,
    /// The reason why the events do not follow the position directly; `None` if they do.
    pub gap: Option<Gap>,
}

/// Performs the I/O that the hub requests. MUST NOT block.
pub trait Outbox {
    /// Queues a notice for a subscriber.
    fn send(&mut self, subscriber: SubscriberId, notice: Notice);
    /// Reads about `bytes` of `stream` after `since` from the log, and then calls [`Hub::page`].
    fn read(&mut self, subscriber: SubscriberId, stream: StreamId, since: u64, bytes: usize);
}

/// Number of committed events that the hub remembers for subscriptions in progress.
const REMEMBERED: usize = 16_384;

/// A frame that is not in the log, and the agent that sends it; `None` for a sender without a connection.
type Unlogged = (Option<AgentId>, Arc<str>);

/// See the [module](self).
#[derive(Debug, Default)]
pub struct Hub {
    fanouts: HashMap<StreamId, Fanout>,
    subscribers: HashMap<SubscriberId, Subscriber>,
    agents: HashMap<AgentId, Vec<SubscriberId>>,
    /// The connections that oversee a realm.
    overseers: HashMap<(CustomerId, Realm), Vec<SubscriberId>>,
    recent: VecDeque<(StreamId, u64)>,
    committed_count: u64,
    queue_limit: usize,
    /// Collected frames that are not in the log, each with the agent that sent it, until they are
    /// flushed.
    ephemeral: BTreeMap<StreamId, Vec<Unlogged>>,
}

/// Returns the number of bytes that a connection may receive before it acknowledges them. An
/// acknowledgement costs as much as sending an event, so that several events are acknowledged
/// together.
pub(crate) const fn portion(queue_limit: usize) -> usize {
    queue_limit / 8
}

/// Removes a connection from the list at `key`, and the list with its last connection.
fn remove_from<K: Eq + Hash>(lists: &mut HashMap<K, Vec<SubscriberId>>, key: K, id: SubscriberId) {
    if let Entry::Occupied(mut list) = lists.entry(key) {
        list.get_mut().retain(|other| *other != id);
        if list.get().is_empty() {
            list.remove();
        }
    }
}

impl Hub {
    /// Creates a hub that queues at most `queue_limit` bytes of events per subscriber.
    #[must_use]
    pub fn new(queue_limit: usize) -> Self {
        Self {
            queue_limit,
            ..Self::default()
        }
    }

    /// Returns the maximum number of bytes of events that it queues per subscriber.
    pub(crate) const fn queue_limit(&self) -> usize {
        self.queue_limit
    }

    /// Returns the present point. It must be taken before the snapshot from which
    /// [`subscribe`](Self::subscribe) starts.
    #[must_use]
    pub const fn mark(&self) -> CommitMark {
        CommitMark(self.committed_count)
    }

    /// Adds a connection without subscriptions.
    pub fn connect(&mut self, id: SubscriberId, reader: Reader) {
        for realm in &reader.overseen {
            let overseen = (reader.customer, *realm);
            self.overseers.entry(overseen).or_default().push(id);
        }
        self.agents.entry(reader.agent).or_default().push(id);
        self.subscribers.insert(id, Subscriber::new(reader));
    }

    /// Removes a connection that has ended.
    pub fn disconnect(&mut self, id: SubscriberId) {
        let Some(subscriber) = self.subscribers.remove(&id) else {
            return;
        };
        for stream in subscriber.links.keys() {
            self.leave_fanout(id, *stream);
        }
        let Reader {
            agent,
            customer,
            overseen,
        } = subscriber.reader;
        remove_from(&mut self.agents, agent, id);
        for realm in overseen {
            remove_from(&mut self.overseers, (customer, realm), id);
        }
    }

    /// Subscribes to streams of these realms that the agent joins later, or oversees.
    pub fn follow(&mut self, id: SubscriberId, realms: &BTreeSet<Realm>) {
        if let Some(subscriber) = self.subscribers.get_mut(&id) {
            subscriber.follows.extend(realms);
        }
    }

    /// Returns the last event of the stream that was sent to the subscriber.
    pub(super) fn last_sent(&self, id: SubscriberId, stream: StreamId) -> Option<u64> {
        match self.subscribers.get(&id)?.links.get(&stream)? {
            Link::Live => self.fanouts.get(&stream).map(|fanout| fanout.head),
            Link::Behind(behind) => Some(behind.cursor),
            Link::Left(_) => None,
        }
    }

    /// Ends the delivery of a stream.
    pub(super) fn unlink(&mut self, id: SubscriberId, stream: StreamId) {
        let linked = self
            .subscribers
            .get_mut(&id)
            .and_then(|subscriber| subscriber.links.remove(&stream));
        if linked.is_some() {
            self.leave_fanout(id, stream);
        }
        if let (Some(Link::Behind(_)), Some(subscriber)) = (linked, self.subscribers.get_mut(&id)) {
            subscriber.behind.retain(|other| *other != stream);
        }
    }

    /// Ends the delivery of every stream outside `remaining`.
    pub fn unsubscribe(&mut self, id: SubscriberId, remaining: &Scope) {
        let Some(subscriber) = self.subscribers.get_mut(&id) else {
            return;
        };
        subscriber.follows.clone_from(&remaining.realms);
        let linked = subscriber.links.keys().copied();
        for stream in linked
            .filter(|stream| !remaining.contains(*stream))
            .collect::<Vec<_>>()
        {
            self.unlink(id, stream);
        }
    }

    /// Collects a frame that is not in the log, which [`flush_ephemeral`](Self::flush_ephemeral)
    /// will send. Returns whether it is the first one, so that a flush must be scheduled. The frame
    /// of a sender that is not connected is dropped.
    pub fn keep_ephemeral(&mut self, id: SubscriberId, stream: StreamId, frame: Arc<str>) -> bool {
        let sender = self.subscribers.get(&id).map(|sender| sender.reader.agent);
        sender.is_some_and(|agent| self.keep(stream, Some(agent), frame))
    }

    /// Collects such a frame of a sender that is no agent.
    pub fn keep_from_outside(&mut self, stream: StreamId, frame: Arc<str>) -> bool {
        self.keep(stream, None, frame)
    }

    fn keep(&mut self, stream: StreamId, sender: Option<AgentId>, frame: Arc<str>) -> bool {
        let is_first = self.ephemeral.is_empty();
        let kept = self.ephemeral.entry(stream).or_default();
        kept.push((sender, frame));
        is_first
    }

    /// Sends the collected frames to the live subscribers of their streams. Each subscriber gets
    /// all frames of a stream together, so that its connection may send them in one write. Skips
    /// connections of the sender's agent, and queues that are more than a quarter full.
    pub fn flush_ephemeral(&mut self, out: &mut dyn Outbox) {
        for (stream, frames) in std::mem::take(&mut self.ephemeral) {
            let fanout = self.fanouts.get(&stream);
            for other in fanout.map(|fanout| fanout.live.clone()).unwrap_or_default() {
                for (agent, frame) in &frames {
                    let notice = Notice::Ephemeral(stream, Arc::clone(frame));
                    self.send_unlogged(other, *agent, notice, out);
                }
            }
        }
    }

    /// Sends the new presence of `agent` to the live subscribers of these streams, to each once.
    pub fn send_presence(
        &mut self,
        agent: AgentId,
        streams: &[StreamId],
        presence: Presence,
        out: &mut dyn Outbox,
    ) {
        let fanouts = streams.iter().filter_map(|stream| self.fanouts.get(stream));
        let concerned: HashSet<_> = fanouts
            .flat_map(|fanout| fanout.live.iter().copied())
            .collect();
        for id in concerned {
            let notice = Notice::Presence(agent, presence);
            self.send_unlogged(id, Some(agent), notice, out);
        }
    }

    /// Sends a report to every connection of these agents. Skips queues that are more than a quarter
    /// full.
    pub fn send_report(
        &mut self,
        agents: &HashSet<AgentId>,
        frame: &Arc<str>,
        out: &mut dyn Outbox,
    ) {
        for (id, subscriber) in &mut self.subscribers {
            if agents.contains(&subscriber.reader.agent)
                && subscriber.queued * 4 <= self.queue_limit
            {
                let notice = Notice::Report(Arc::clone(frame));
                subscriber.queued += notice.bytes();
                out.send(*id, notice);
            }
        }
    }

    /// Sends a notice that is not in the log, unless the subscriber is of the same agent or its queue is
    /// more than a quarter full.
    fn send_unlogged(
        &mut self,
        id: SubscriberId,
        sender: Option<AgentId>,
        notice: Notice,
        out: &mut dyn Outbox,
    ) {
        let Some(subscriber) = self.subscribers.get_mut(&id) else {
            return;
        };
        if sender != Some(subscriber.reader.agent) && subscriber.queued * 4 <= self.queue_limit {
            subscriber.queued += notice.bytes();
            out.send(id, notice);
        }
    }

    /// Delivers the events of a commit, in their order. Ephemeral frames that were collected before
    /// it are sent first.
    pub fn committed(&mut self, events: &[Arc<Logged>], out: &mut dyn Outbox) {
        self.flush_ephemeral(out);
        for event in events {
            self.remember(event);
            self.deliver(event, out);
            for change in &event.changes {
                if let Change::Joins(agent) = *change {
                    let joined = self.agents.get(&agent).cloned();
                    self.link_readers(joined.unwrap_or_default(), event, out);
                }
            }
            let overseen = (event.customer, event.stream.realm);
            if let Some(overseers) = self.overseers.get(&overseen).cloned() {
                self.link_readers(overseers, event, out);
            }
        }
    }

    /// Delivers a page that [`Outbox::read`] requested.
    pub fn page(&mut self, id: SubscriberId, page: &Page<'_>, out: &mut dyn Outbox) {
        let Some(subscriber) = self.subscribers.get_mut(&id) else {
            return;
        };
        subscriber.is_reading = false;
        subscriber.needs = 0;
        // The next read is for another stream of the subscriber.
        if let Some(place) = subscriber
            .behind
            .iter()
            .position(|stream| *stream == page.stream)
        {
            let stream = subscriber.behind.remove(place);
            subscriber.behind.push(stream);
        }
        if let Some(Link::Behind(behind)) = subscriber.links.get_mut(&page.stream)
            && behind.reads == Some(page.since)
        {
            behind.reads = None;
            self.replay(id, page, out);
        }
        self.read_next(id, out);
    }

    /// Records that the connection received `bytes` of its queue. It may have received up to an
    /// eighth of the limit more, which it acknowledges later.
    pub fn acknowledge(&mut self, id: SubscriberId, bytes: usize, out: &mut dyn Outbox) {
        let Some(subscriber) = self.subscribers.get_mut(&id) else {
            return;
        };
        subscriber.queued = subscriber.queued.saturating_sub(bytes);
        self.read_next(id, out);
    }
}
