//! Begins the delivery of streams to a subscriber.

use talk_domain::kernel::live::{Notice, Start, Subscribed};
use talk_domain::kernel::stream::StreamId;

use super::link::{Behind, Link};
use super::{CommitMark, Hub, Outbox, SubscriberId};

impl Hub {
    /// Begins the delivery of streams. Their starts were computed from a snapshot, before which
    /// `mark` was taken. First sends a notice with the start of each stream. A stream that is
    /// delivered already, because the agent joined meanwhile, continues unless it is resumed.
    /// Returns `false` if the mark or the snapshot is too old; the caller must then take both
    /// again.
    #[must_use]
    pub fn subscribe(
        &mut self,
        id: SubscriberId,
        mark: CommitMark,
        streams: &[(StreamId, Start)],
        out: &mut dyn Outbox,
    ) -> bool {
        let Some(since_mark) = self.heads_since(mark) else {
            return false;
        };
        let mut begun = Vec::with_capacity(streams.len());
        for (stream, start) in streams {
            let head = start.head();
            if self.left_after(id, *stream, head) {
                return false;
            }
            let after = match *start {
                Start::Head(head) | Start::Reset(_, head) => {
                    self.last_sent(id, *stream).unwrap_or(head)
                }
                Start::Since { seq, .. } => seq,
                Start::Former { until, .. } => until.saturating_sub(1),
            };
            let (stream, head) = (*stream, start.last());
            begun.push(Subscribed {
                stream,
                after,
                head,
            });
        }
        out.send(id, Notice::Subscribed(begun.clone()));
        for (begun, (stream, start)) in begun.iter().zip(streams) {
            if let Start::Reset(reason, _) = *start {
                out.send(id, Notice::Reset(*stream, reason, begun.after));
            }
            let committed = since_mark.get(stream).copied().unwrap_or_default();
            self.begin(id, (*stream, start.head().max(committed)), *start);
            self.go_live(id, *stream, out);
        }
        true
    }

    /// Links a subscriber to a stream with this head, unless it keeps the link that it has.
    fn begin(&mut self, id: SubscriberId, (stream, head): (StreamId, u64), start: Start) {
        let (cursor, ends_after) = match start {
            Start::Head(_) | Start::Reset(..) if self.keep_link(id, stream, start.head()) => return,
            Start::Head(head) | Start::Reset(_, head) => (head, head),
            Start::Since { seq, head } => (seq, head),
            Start::Former { until, .. } => (until.saturating_sub(1), until.saturating_sub(1)),
        };
        let is_replay = matches!(start, Start::Since { .. } | Start::Former { .. });
        self.unlink(id, stream);
        let link = Behind {
            is_replay,
            must_read: is_replay,
            ends_after,
            returns_after: start.head(),
            ..Link::behind(cursor)
        };
        self.link(id, (stream, head), link);
    }

    /// Returns whether the subscriber has a link to the stream and keeps it. If the agent had left
    /// at the cursor of the link, this is undone, because the snapshot shows it as a participant at
    /// `head`.
    fn keep_link(&mut self, id: SubscriberId, stream: StreamId, head: u64) -> bool {
        let subscriber = self.subscribers.get_mut(&id);
        match subscriber.and_then(|subscriber| subscriber.links.get_mut(&stream)) {
            Some(Link::Behind(link)) => {
                if link.is_out {
                    link.is_out = false;
                    link.ends_after = head;
                }
                true
            }
            Some(Link::Live) => true,
            Some(Link::Left(_)) | None => false,
        }
    }

    /// Returns whether the subscriber already got the event by which its agent left, and that event
    /// is later than the head of the snapshot.
    fn left_after(&self, id: SubscriberId, stream: StreamId, head: u64) -> bool {
        let link = self
            .subscribers
            .get(&id)
            .and_then(|subscriber| subscriber.links.get(&stream));
        match link {
            Some(Link::Left(seq)) => *seq > head,
            Some(Link::Behind(behind)) => behind.is_out && behind.cursor > head,
            Some(Link::Live) | None => false,
        }
    }
}
