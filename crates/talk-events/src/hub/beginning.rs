//! How the delivery of chats to a reader begins.

use talk_domain::kernel::id::ChatId;
use talk_domain::kernel::live::{Begun, Notice};
use talk_domain::talk::live::subscribe::Start;

use super::link::{Behind, Link};
use super::{Hub, Mark, Outbox, ReaderId};

impl Hub {
    /// Begins delivery of chats the agent participates in (or of its removal, if it did); `mark` was
    /// taken before the snapshot that showed their heads. A chat that is delivered already, because
    /// its agent joined meanwhile, goes on as it is unless it is resumed. Tells the reader after
    /// which event each begins, before anything else of it. `false` if the mark or the snapshot is
    /// too old: take both anew.
    #[must_use]
    pub fn attach(
        &mut self,
        id: ReaderId,
        mark: Mark,
        chats: &[(ChatId, Start)],
        out: &mut dyn Outbox,
    ) -> bool {
        let Some(since_mark) = self.heard_since(mark) else {
            return false;
        };
        let mut begun = Vec::with_capacity(chats.len());
        for (chat, start) in chats {
            let head = start.head();
            if self.left_after(id, *chat, head) {
                return false;
            }
            let after = match *start {
                Start::Head(head) | Start::Reset(_, head) => self.place(id, *chat).unwrap_or(head),
                Start::Since { seq, .. } => seq,
                Start::Former { until, .. } => until.saturating_sub(1),
            };
            let (chat, head) = (*chat, start.last());
            begun.push(Begun { chat, after, head });
        }
        out.send(id, Notice::Begun(begun.clone()));
        for (begun, (chat, start)) in begun.iter().zip(chats) {
            if let Start::Reset(reason, _) = *start {
                out.send(id, Notice::Reset(*chat, reason, begun.after));
            }
            let heard = since_mark.get(chat).copied().unwrap_or_default();
            self.begin(id, (*chat, start.head().max(heard)), *start);
            self.promote(id, *chat, out);
        }
        true
    }

    /// Links a reader to a chat, which stands at `head`, unless it has a place there that it keeps.
    fn begin(&mut self, id: ReaderId, (chat, head): (ChatId, u64), start: Start) {
        let (cursor, ends_after) = match start {
            Start::Head(_) | Start::Reset(..) if self.goes_on(id, chat, start.head()) => return,
            Start::Head(head) | Start::Reset(_, head) => (head, head),
            Start::Since { seq, head } => (seq, head),
            Start::Former { until, .. } => (until.saturating_sub(1), until.saturating_sub(1)),
        };
        let is_replay = matches!(start, Start::Since { .. } | Start::Former { .. });
        self.detach(id, chat);
        let link = Behind {
            is_replay,
            must_read: is_replay,
            ends_after,
            returns_after: start.head(),
            ..Link::behind(cursor)
        };
        self.link(id, (chat, head), link);
    }

    /// Whether the reader has a place in the chat. If it was looking for its agent's return, that is
    /// found: a snapshot shows the agent in the chat at `head`.
    fn goes_on(&mut self, id: ReaderId, chat: ChatId, head: u64) -> bool {
        let reader = self.readers.get_mut(&id);
        match reader.and_then(|reader| reader.links.get_mut(&chat)) {
            Some(Link::Behind(link)) => {
                if link.is_out {
                    link.is_out = false;
                    link.ends_after = head;
                }
                true
            }
            Some(Link::Live) => true,
            Some(Link::Out(_)) | None => false,
        }
    }

    /// Whether the reader saw its agent leave after the event a snapshot showed as head.
    fn left_after(&self, id: ReaderId, chat: ChatId, head: u64) -> bool {
        let link = self
            .readers
            .get(&id)
            .and_then(|reader| reader.links.get(&chat));
        match link {
            Some(Link::Out(seq)) => *seq > head,
            Some(Link::Behind(behind)) => behind.is_out && behind.cursor > head,
            Some(Link::Live) | None => false,
        }
    }
}
