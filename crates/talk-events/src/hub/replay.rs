//! Sends pages of the log to a subscriber that is behind, until its cursor is at the head.

use talk_domain::kernel::live::{Ended, Gap, ResetReason};
use talk_domain::kernel::stream::{Change, StreamId};

use super::link::Link;
use super::{Hub, Notice, Outbox, Page, SubscriberId, portion};

impl Hub {
    /// Makes a subscriber live if its cursor is at the head of the stream; otherwise requests its
    /// next page.
    pub(super) fn go_live(&mut self, id: SubscriberId, stream: StreamId, out: &mut dyn Outbox) {
        let (subscriber, fanout) = (self.subscribers.get_mut(&id), self.fanouts.get_mut(&stream));
        let (Some(subscriber), Some(fanout)) = (subscriber, fanout) else {
            return;
        };
        let Some(Link::Behind(link)) = subscriber.links.get(&stream) else {
            fanout.behind.retain(|other| *other != id);
            return;
        };
        let head = fanout.head;
        if !link.is_at(head) {
            return self.read_next(id, out);
        }
        fanout.behind.retain(|other| *other != id);
        subscriber.behind.retain(|other| *other != stream);
        if link.is_out {
            subscriber.links.insert(stream, Link::Left(head));
            return;
        }
        if link.is_replay {
            out.send(id, Notice::CaughtUp(stream, head));
        }
        subscriber.links.insert(stream, Link::Live);
        fanout.live.push(id);
    }

    /// Sends the events of a page to a subscriber that is behind.
    pub(super) fn replay(&mut self, id: SubscriberId, page: &Page<'_>, out: &mut dyn Outbox) {
        let stream = page.stream;
        let is_for_it = page.gap.is_none_or(|gap| self.skip_gap(id, page, gap, out));
        for event in page.events.iter().take_while(|_| is_for_it) {
            if self
                .last_sent(id, stream)
                .is_some_and(|place| event.seq <= place)
            {
                continue;
            }
            let has_space = self.has_space(id, event.payload.len());
            let Some(subscriber) = self.subscribers.get_mut(&id) else {
                return;
            };
            let agent = subscriber.reader.agent;
            let Some(Link::Behind(link)) = subscriber.links.get_mut(&stream) else {
                break;
            };
            if event.seq != link.cursor + 1 {
                link.cursor = event.seq - 1;
                out.send(
                    id,
                    Notice::Reset(stream, ResetReason::Retention, link.cursor),
                );
            }
            if event.changes.contains(&Change::Joins(agent)) {
                link.is_out = false;
            }
            if !link.is_out && !has_space {
                subscriber.needs = event.payload.len();
                return;
            }
            link.cursor = event.seq;
            let is_replay = link.is_replay;
            if !link.is_out {
                self.send_event(id, event, is_replay, out);
            }
        }
        let subscriber = self.subscribers.get_mut(&id);
        let link = subscriber.and_then(|subscriber| subscriber.links.get_mut(&stream));
        if page.is_end
            && let Some(Link::Behind(link)) = link
        {
            link.must_read = false;
        }
        self.go_live(id, stream, out);
        self.close_if_empty(stream);
    }

    /// Handles events that the log no longer has. Returns whether the subscriber may get the events
    /// that follow, because its agent is still a participant.
    fn skip_gap(
        &mut self,
        id: SubscriberId,
        page: &Page<'_>,
        gap: Gap,
        out: &mut dyn Outbox,
    ) -> bool {
        let stream = page.stream;
        let Some(subscriber) = self.subscribers.get_mut(&id) else {
            return false;
        };
        let follows = subscriber.follows(stream);
        let Some(Link::Behind(link)) = subscriber.links.get_mut(&stream) else {
            return false;
        };
        let was_out = std::mem::replace(&mut link.is_out, true);
        let (ended, last, returns_after) = match gap {
            Gap::Trimmed => {
                // The agent is a participant now, whatever events are missing.
                link.is_out = false;
                return true;
            }
            Gap::Leaving { left, head } if !was_out => {
                link.is_out = false;
                (link.cursor, link.must_read) = (left.saturating_sub(1), true);
                (link.ends_after, link.returns_after) = (link.cursor, head);
                return false;
            }
            Gap::Leaving { left, head } | Gap::Left { left, head } => {
                (Ended::Removed, left, Some(head))
            }
            Gap::Gone => (Ended::Deleted, page.since, None),
        };
        if !was_out {
            out.send(id, Notice::Unsubscribed(stream, ended, last));
        }
        if let Some(head) = returns_after.filter(|_| follows) {
            link.cursor = link.cursor.max(head);
        } else {
            subscriber.links.insert(stream, Link::Left(last));
            subscriber.behind.retain(|other| *other != stream);
        }
        false
    }

    /// Requests the next page for a subscriber that is behind in a stream, once its queue has space.
    pub(super) fn read_next(&mut self, id: SubscriberId, out: &mut dyn Outbox) {
        let Some(subscriber) = self.subscribers.get_mut(&id) else {
            return;
        };
        let wanted = subscriber.needs.max(self.queue_limit / 2);
        let free = self.queue_limit.saturating_sub(subscriber.queued);
        let may_be_empty = subscriber.queued <= portion(self.queue_limit);
        if subscriber.is_reading || (!may_be_empty && free < wanted) {
            return;
        }
        let is_due = |stream: &StreamId| {
            let head = self.fanouts.get(stream).map_or(0, |fanout| fanout.head);
            let link = subscriber.links.get(stream);
            matches!(link, Some(Link::Behind(link)) if link.must_read || link.cursor < head)
        };
        let Some(stream) = subscriber.behind.iter().copied().find(is_due) else {
            return;
        };
        if let Some(Link::Behind(link)) = subscriber.links.get_mut(&stream) {
            link.reads = Some(link.cursor);
            subscriber.is_reading = true;
            out.read(id, stream, link.cursor, free);
        }
    }
}
