//! Delivers events to live subscribers. A subscriber whose queue has no space becomes behind.

use std::collections::HashMap;
use std::sync::Arc;

use talk_domain::kernel::live::Ended;
use talk_domain::kernel::log::Logged;
use talk_domain::kernel::stream::{Change, StreamId};

use super::fanout::Fanout;
use super::link::{Behind, Link};
use super::{CommitMark, Hub, Notice, Outbox, REMEMBERED, Reader, SubscriberId, portion};

/// Returns the reason why `reader` may read nothing of the stream after this event; `None` if it
/// may.
fn ended(event: &Logged, reader: &Reader) -> Option<Ended> {
    let is_overseen = reader.overseen.contains(&event.stream.realm);
    event.changes.iter().find_map(|change| match *change {
        Change::Leaves(leaver) if leaver == reader.agent && !is_overseen => Some(Ended::Removed),
        Change::Ends => Some(Ended::Deleted),
        Change::Leaves(_) | Change::Joins(_) => None,
    })
}

impl Hub {
    /// Remembers an event for subscriptions in progress.
    pub(super) fn remember(&mut self, event: &Arc<Logged>) {
        if self.recent.len() == REMEMBERED {
            self.recent.pop_front();
        }
        self.recent.push_back((event.stream, event.seq));
        self.committed_count += 1;
    }

    /// Returns the last event of each stream that was committed since `mark`; `None` if some of
    /// these commits are no longer remembered.
    pub(super) fn heads_since(&self, mark: CommitMark) -> Option<HashMap<StreamId, u64>> {
        let count = usize::try_from(self.committed_count - mark.0).ok()?;
        let first = self.recent.len().checked_sub(count)?;
        Some(self.recent.range(first..).copied().collect())
    }

    /// Links a subscriber to a stream, as behind. If it is the stream's first subscriber, the
    /// stream's head is set to `head`.
    pub(super) fn link(&mut self, id: SubscriberId, (stream, head): (StreamId, u64), link: Behind) {
        let Some(subscriber) = self.subscribers.get_mut(&id) else {
            return;
        };
        self.fanouts
            .entry(stream)
            .or_insert_with(|| Fanout::at(head))
            .behind
            .push(id);
        subscriber.behind.push(stream);
        subscriber.links.insert(stream, Link::Behind(link));
    }

    /// Removes a subscriber from the fanout of a stream.
    pub(super) fn leave_fanout(&mut self, id: SubscriberId, stream: StreamId) {
        if let Some(fanout) = self.fanouts.get_mut(&stream) {
            fanout.remove(id);
            if fanout.is_empty() {
                self.fanouts.remove(&stream);
            }
        }
    }

    /// Sends a committed event to the live subscribers of its stream.
    pub(super) fn deliver(&mut self, event: &Arc<Logged>, out: &mut dyn Outbox) {
        let Some(fanout) = self.fanouts.get_mut(&event.stream) else {
            return;
        };
        if event.seq <= fanout.head {
            return;
        }
        let is_next = event.seq == fanout.head + 1;
        let before = std::mem::replace(&mut fanout.head, event.seq);
        let live = std::mem::take(&mut fanout.live);
        let mut still_live = Vec::with_capacity(live.len());
        for id in live {
            if is_next && self.has_space(id, event.payload.len()) {
                if self.send_event(id, event, false, out) {
                    still_live.push(id);
                }
            } else {
                self.fall_behind(id, event.stream, before, out);
            }
        }
        if let Some(fanout) = self.fanouts.get_mut(&event.stream) {
            fanout.live.append(&mut still_live);
        }
        let behind = self
            .fanouts
            .get(&event.stream)
            .map(|fanout| fanout.behind.clone());
        for id in behind.unwrap_or_default() {
            self.go_live(id, event.stream, out);
        }
        self.close_if_empty(event.stream);
    }

    /// Returns whether the queue has space for an event of `bytes`. An event of any size fits if
    /// the queue may be empty, because no more bytes are unacknowledged than the client
    /// acknowledges together.
    pub(super) fn has_space(&self, id: SubscriberId, bytes: usize) -> bool {
        self.subscribers.get(&id).is_some_and(|subscriber| {
            let may_be_empty = subscriber.queued <= portion(self.queue_limit);
            may_be_empty || subscriber.queued + bytes <= self.queue_limit
        })
    }

    /// Sends an event. Returns `false` if the subscriber may read nothing after it.
    pub(super) fn send_event(
        &mut self,
        id: SubscriberId,
        event: &Arc<Logged>,
        is_replay: bool,
        out: &mut dyn Outbox,
    ) -> bool {
        let Some(subscriber) = self.subscribers.get_mut(&id) else {
            return false;
        };
        subscriber.queued += event.payload.len();
        out.send(
            id,
            Notice::Event {
                event: Arc::clone(event),
                is_replay,
            },
        );
        let Some(ended) = ended(event, &subscriber.reader) else {
            return true;
        };
        let follows = subscriber.follows(event.stream);
        match subscriber.links.get_mut(&event.stream) {
            Some(Link::Behind(link)) if event.seq <= link.ends_after => return true,
            // The subscriber stays linked, because a later event may make its agent join again.
            Some(Link::Behind(link)) if follows => {
                link.is_out = true;
                link.cursor = link.cursor.max(link.returns_after);
            }
            _ => {
                subscriber.links.insert(event.stream, Link::Left(event.seq));
                subscriber.behind.retain(|stream| *stream != event.stream);
            }
        }
        out.send(id, Notice::Unsubscribed(event.stream, ended, event.seq));
        false
    }

    /// Turns a live subscriber into one that is behind.
    fn fall_behind(
        &mut self,
        id: SubscriberId,
        stream: StreamId,
        cursor: u64,
        out: &mut dyn Outbox,
    ) {
        let Some(subscriber) = self.subscribers.get_mut(&id) else {
            return;
        };
        let mut link = Link::behind(cursor);
        link.must_read = true;
        subscriber.links.insert(stream, Link::Behind(link));
        subscriber.behind.push(stream);
        if let Some(fanout) = self.fanouts.get_mut(&stream) {
            fanout.behind.push(id);
        }
        out.send(id, Notice::Lagging(stream, cursor));
        self.read_next(id, out);
    }

    /// Drops the fanout of a stream without subscribers.
    pub(super) fn close_if_empty(&mut self, stream: StreamId) {
        if self.fanouts.get(&stream).is_some_and(Fanout::is_empty) {
            self.fanouts.remove(&stream);
        }
    }

    /// Links subscribers to the stream of `event`, if they are subscribed to all streams of its
    /// realm. Delivery begins with that event, by which their agent joins the stream, or the agent
    /// oversees the realm.
    pub(super) fn link_readers(
        &mut self,
        readers: Vec<SubscriberId>,
        event: &Logged,
        out: &mut dyn Outbox,
    ) {
        for id in readers {
            let subscriber = self.subscribers.get(&id);
            let Some(subscriber) = subscriber.filter(|reader| reader.follows(event.stream)) else {
                continue;
            };
            match subscriber.links.get(&event.stream) {
                Some(Link::Live | Link::Behind(_)) => continue,
                Some(Link::Left(seq)) if event.seq <= *seq => continue,
                Some(Link::Left(_)) | None => {}
            }
            let link = Link::behind(event.seq.saturating_sub(1));
            self.link(id, (event.stream, event.seq), link);
            self.read_next(id, out);
        }
    }
}
