//! How events reach readers that are live, and what makes them fall behind.

use std::collections::HashMap;

use talk_domain::kernel::id::{AgentId, ChatId};
use talk_domain::kernel::live::Ended;
use talk_domain::kernel::log::LoggedEvent;
use talk_domain::talk::model::event::EventKind;

use super::link::{Behind, Link};
use super::room::Room;
use super::{Hub, Mark, Notice, Outbox, REMEMBERED, ReaderId};

/// What an event means for the membership of the agent who gets it.
fn ends_for(event: &LoggedEvent, agent: AgentId) -> Option<Ended> {
    match event.kind {
        EventKind::ParticipantLeft if event.subject == agent.0 => Some(Ended::Removed),
        EventKind::ChatDeleted => Some(Ended::Deleted),
        _ => None,
    }
}

impl Hub {
    pub(super) fn remember(&mut self, event: &LoggedEvent) {
        if self.recent.len() == REMEMBERED {
            self.recent.pop_front();
        }
        self.recent.push_back((event.chat, event.seq));
        self.heard += 1;
    }

    /// The last event heard of per chat since `mark`; `None` when that is forgotten.
    pub(super) fn heard_since(&self, mark: Mark) -> Option<HashMap<ChatId, u64>> {
        let count = usize::try_from(self.heard - mark.0).ok()?;
        let first = self.recent.len().checked_sub(count)?;
        Some(self.recent.range(first..).copied().collect())
    }

    /// Puts a reader that is behind into a chat's room, which opens at `head`.
    pub(super) fn link(&mut self, id: ReaderId, (chat, head): (ChatId, u64), link: Behind) {
        let Some(reader) = self.readers.get_mut(&id) else {
            return;
        };
        self.rooms
            .entry(chat)
            .or_insert_with(|| Room::at(head))
            .behind
            .push(id);
        reader.behind.push(chat);
        reader.links.insert(chat, Link::Behind(link));
    }

    pub(super) fn leave_room(&mut self, id: ReaderId, chat: ChatId) {
        if let Some(room) = self.rooms.get_mut(&chat) {
            room.remove(id);
            if room.is_empty() {
                self.rooms.remove(&chat);
            }
        }
    }

    /// Gives an event the bell told of to the live readers of its chat.
    pub(super) fn deliver(&mut self, event: &LoggedEvent, out: &mut dyn Outbox) {
        let Some(room) = self.rooms.get_mut(&event.chat) else {
            return;
        };
        if event.seq <= room.head {
            return;
        }
        let is_next = event.seq == room.head + 1;
        let before = std::mem::replace(&mut room.head, event.seq);
        let live = std::mem::take(&mut room.live);
        let mut still_live = Vec::with_capacity(live.len());
        for id in live {
            if is_next && self.has_space(id, event.frame.len()) {
                if self.give(id, event, false, out) {
                    still_live.push(id);
                }
            } else {
                self.fall_behind(id, event.chat, before, out);
            }
        }
        if let Some(room) = self.rooms.get_mut(&event.chat) {
            room.live.append(&mut still_live);
        }
        let behind = self.rooms.get(&event.chat).map(|room| room.behind.clone());
        for id in behind.unwrap_or_default() {
            self.promote(id, event.chat, out);
        }
        self.close_if_empty(event.chat);
    }

    pub(super) fn has_space(&self, id: ReaderId, bytes: usize) -> bool {
        self.readers
            .get(&id)
            .is_some_and(|reader| reader.queued == 0 || reader.queued + bytes <= self.queue_limit)
    }

    /// Sends an event; `false` when it ended the reader's stay.
    pub(super) fn give(
        &mut self,
        id: ReaderId,
        event: &LoggedEvent,
        is_replay: bool,
        out: &mut dyn Outbox,
    ) -> bool {
        let Some(reader) = self.readers.get_mut(&id) else {
            return false;
        };
        reader.queued += event.frame.len();
        out.send(
            id,
            Notice::Event {
                event: event.clone(),
                is_replay,
            },
        );
        let Some(ended) = ends_for(event, reader.agent) else {
            return true;
        };
        match reader.links.get_mut(&event.chat) {
            Some(Link::Behind(link)) if event.seq <= link.ends_after => return true,
            // It goes on to where its agent comes back, if that is to be followed.
            Some(Link::Behind(link)) if reader.follows_joined => {
                link.is_out = true;
                link.cursor = link.cursor.max(link.returns_after);
            }
            _ => {
                reader.links.insert(event.chat, Link::Out(event.seq));
                reader.behind.retain(|chat| *chat != event.chat);
            }
        }
        out.send(id, Notice::Unsubscribed(event.chat, ended, event.seq));
        false
    }

    fn fall_behind(&mut self, id: ReaderId, chat: ChatId, cursor: u64, out: &mut dyn Outbox) {
        let Some(reader) = self.readers.get_mut(&id) else {
            return;
        };
        let mut link = Link::behind(cursor);
        link.must_read = true;
        reader.links.insert(chat, Link::Behind(link));
        reader.behind.push(chat);
        if let Some(room) = self.rooms.get_mut(&chat) {
            room.behind.push(id);
        }
        out.send(id, Notice::Lagging(chat, cursor));
        self.pump(id, out);
    }

    pub(super) fn close_if_empty(&mut self, chat: ChatId) {
        if self.rooms.get(&chat).is_some_and(Room::is_empty) {
            self.rooms.remove(&chat);
        }
    }

    /// An agent joined: those of its readers that follow such chats get this one, from the first
    /// event if the agent is one of the founders.
    pub(super) fn admit(
        &mut self,
        batch: &[LoggedEvent],
        joined: &LoggedEvent,
        out: &mut dyn Outbox,
    ) {
        let agent = AgentId(joined.subject);
        for id in self.agents.get(&agent).cloned().unwrap_or_default() {
            let Some(reader) = self.readers.get(&id).filter(|r| r.follows_joined) else {
                continue;
            };
            match reader.links.get(&joined.chat) {
                Some(Link::Live | Link::Behind(_)) => continue,
                Some(Link::Out(seq)) if joined.seq <= *seq => continue,
                Some(Link::Out(_)) | None => {}
            }
            let cursor = if is_founding(batch, joined) {
                0
            } else {
                joined.seq - 1
            };
            self.link(id, (joined.chat, joined.seq), Link::behind(cursor));
            self.pump(id, out);
        }
    }
}

/// Whether the agent joined as part of the chat's creation: nothing but the chat and its first
/// participants comes before it.
fn is_founding(batch: &[LoggedEvent], joined: &LoggedEvent) -> bool {
    let of_chat = batch.iter().rev().filter(|event| event.chat == joined.chat);
    let mut expected = joined.seq;
    for event in of_chat {
        match event.kind {
            EventKind::ChatCreated => return event.seq == 1,
            EventKind::ParticipantJoined if event.seq == expected => expected -= 1,
            _ => return false,
        }
    }
    false
}
