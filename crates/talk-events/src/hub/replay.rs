//! How a reader that is behind is caught up: pages of the log, until it stands at the head.

use talk_domain::kernel::id::{AgentId, ChatId};
use talk_domain::kernel::live::{Ended, ResetReason};
use talk_domain::kernel::log::LoggedEvent;
use talk_domain::talk::live::catch_up::Gap;
use talk_domain::talk::model::event::EventKind;

use super::link::Link;
use super::{Hub, Notice, Outbox, Page, ReaderId};

impl Hub {
    /// Makes a reader of a chat live that stands at its head, or lets it read on.
    pub(super) fn promote(&mut self, id: ReaderId, chat: ChatId, out: &mut dyn Outbox) {
        let (reader, room) = (self.readers.get_mut(&id), self.rooms.get_mut(&chat));
        let (Some(reader), Some(room)) = (reader, room) else {
            return;
        };
        let Some(Link::Behind(link)) = reader.links.get(&chat) else {
            room.behind.retain(|other| *other != id);
            return;
        };
        let head = room.head;
        if !link.is_at(head) {
            return self.pump(id, out);
        }
        room.behind.retain(|other| *other != id);
        reader.behind.retain(|other| *other != chat);
        if link.is_out {
            reader.links.insert(chat, Link::Out(head));
            return;
        }
        if link.is_replay {
            out.send(id, Notice::CaughtUp(chat, head));
        }
        reader.links.insert(chat, Link::Live);
        room.live.push(id);
    }

    /// Gives a page of the log to a reader that is behind.
    pub(super) fn replay(&mut self, id: ReaderId, page: &Page<'_>, out: &mut dyn Outbox) {
        let chat = page.chat;
        let is_for_it = page.gap.is_none_or(|gap| self.cross(id, page, gap, out));
        for event in page.events.iter().take_while(|_| is_for_it) {
            if self.place(id, chat).is_some_and(|place| event.seq <= place) {
                continue;
            }
            let has_space = self.has_space(id, event.frame.len());
            let Some(reader) = self.readers.get_mut(&id) else {
                return;
            };
            let agent = reader.agent;
            let Some(Link::Behind(link)) = reader.links.get_mut(&chat) else {
                break;
            };
            if event.seq != link.cursor + 1 {
                link.cursor = event.seq - 1;
                out.send(id, Notice::Reset(chat, ResetReason::Retention, link.cursor));
            }
            if is_back(event, agent) {
                link.is_out = false;
            }
            if !link.is_out && !has_space {
                reader.needs = event.frame.len();
                return;
            }
            link.cursor = event.seq;
            let is_replay = link.is_replay;
            if !link.is_out {
                self.give(id, event, is_replay, out);
            }
        }
        let reader = self.readers.get_mut(&id);
        let link = reader.and_then(|reader| reader.links.get_mut(&chat));
        if page.is_end
            && let Some(Link::Behind(link)) = link
        {
            link.must_read = false;
        }
        self.promote(id, chat, out);
        self.close_if_empty(chat);
    }

    /// Moves a reader over events that are no longer in the log. Returns whether what follows is for
    /// it: its agent may have left where nothing is left to say so.
    fn cross(&mut self, id: ReaderId, page: &Page<'_>, gap: Gap, out: &mut dyn Outbox) -> bool {
        let chat = page.chat;
        let Some(reader) = self.readers.get_mut(&id) else {
            return false;
        };
        let Some(Link::Behind(link)) = reader.links.get_mut(&chat) else {
            return false;
        };
        let was_out = std::mem::replace(&mut link.is_out, true);
        let (ended, last, returns_after) = match gap {
            Gap::Trimmed => {
                // It participates, whatever happened in between.
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
            out.send(id, Notice::Unsubscribed(chat, ended, last));
        }
        if let Some(head) = returns_after.filter(|_| reader.follows_joined) {
            link.cursor = link.cursor.max(head);
        } else {
            reader.links.insert(chat, Link::Out(last));
            reader.behind.retain(|other| *other != chat);
        }
        false
    }

    /// Starts the next read for a reader that is behind somewhere, once it has space for what comes.
    pub(super) fn pump(&mut self, id: ReaderId, out: &mut dyn Outbox) {
        let Some(reader) = self.readers.get_mut(&id) else {
            return;
        };
        let wanted = reader.needs.max(self.queue_limit / 2);
        let free = self.queue_limit.saturating_sub(reader.queued);
        if reader.is_reading || (reader.queued > 0 && free < wanted) {
            return;
        }
        let is_due = |chat: &ChatId| {
            let head = self.rooms.get(chat).map_or(0, |room| room.head);
            let link = reader.links.get(chat);
            matches!(link, Some(Link::Behind(link)) if link.must_read || link.cursor < head)
        };
        let Some(chat) = reader.behind.iter().copied().find(is_due) else {
            return;
        };
        if let Some(Link::Behind(link)) = reader.links.get_mut(&chat) {
            link.reads = Some(link.cursor);
            reader.is_reading = true;
            out.read(id, chat, link.cursor, free);
        }
    }
}

fn is_back(event: &LoggedEvent, agent: AgentId) -> bool {
    event.kind == EventKind::ParticipantJoined && event.subject == agent.0
}
