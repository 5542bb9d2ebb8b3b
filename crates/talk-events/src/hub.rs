//! The hub: which reader gets which event, as a state machine without I/O.
//!
//! Per chat there is a head; per reader and chat a link in one of two states. *Live* readers get
//! each event as the bell rings. *Catching up*, a reader gets pages of the log until it stands at
//! the head. Every trouble — a subscription that starts in the past, a reader that falls behind,
//! a gap in what the bell told — is the same move: back to catching up from where the reader
//! stands. So an event is never skipped and never sent twice.

mod beginning;
mod delivery;
mod link;
#[cfg(test)]
mod model;
mod reader;
mod replay;
mod room;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use talk_domain::kernel::id::{AgentId, ChatId};
use talk_domain::kernel::live::{Notice, Presence, Scope};
use talk_domain::kernel::log::LoggedEvent;
use talk_domain::talk::live::catch_up::Gap;
use talk_domain::talk::model::event::EventKind;

use link::Link;
use reader::Reader;
use room::Room;

/// Identity of a connection on this node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReaderId(pub u64);

/// A point in the stream of commits this hub heard of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark(u64);

/// An answer of the log.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// The chat that was read.
    pub chat: ChatId,
    /// The position it was read from.
    pub since: u64,
    /// What follows the position, ascending.
    pub events: &'a [LoggedEvent],
    /// Whether nothing followed these.
    pub is_end: bool,
    /// Why they do not follow the position, if they do not.
    pub gap: Option<Gap>,
}

/// What the hub wants done. None of it may block.
pub trait Outbox {
    /// Queue a notice for a reader.
    fn send(&mut self, reader: ReaderId, notice: Notice);
    /// Read the log of `chat` after `since`, about `bytes` of it, and call [`Hub::page`].
    fn read(&mut self, reader: ReaderId, chat: ChatId, since: u64, bytes: usize);
}

/// How many commits are remembered for subscriptions under way.
const REMEMBERED: usize = 16_384;

/// See the [module](self).
#[derive(Debug, Default)]
pub struct Hub {
    rooms: HashMap<ChatId, Room>,
    readers: HashMap<ReaderId, Reader>,
    agents: HashMap<AgentId, Vec<ReaderId>>,
    recent: VecDeque<(ChatId, u64)>,
    heard: u64,
    queue_limit: usize,
}

impl Hub {
    /// A hub that queues at most `queue_limit` bytes of events per reader.
    #[must_use]
    pub fn new(queue_limit: usize) -> Self {
        Self {
            queue_limit,
            ..Self::default()
        }
    }

    /// Now. Take it before the snapshot that [`attach`](Self::attach) is given.
    #[must_use]
    pub const fn mark(&self) -> Mark {
        Mark(self.heard)
    }

    /// A connection of `agent`.
    pub fn connect(&mut self, id: ReaderId, agent: AgentId) {
        self.readers.insert(id, Reader::new(agent));
        self.agents.entry(agent).or_default().push(id);
    }

    /// The connection is gone.
    pub fn disconnect(&mut self, id: ReaderId) {
        let Some(reader) = self.readers.remove(&id) else {
            return;
        };
        for chat in reader.links.keys() {
            self.leave_room(id, *chat);
        }
        if let Some(readers) = self.agents.get_mut(&reader.agent) {
            readers.retain(|other| *other != id);
            if readers.is_empty() {
                self.agents.remove(&reader.agent);
            }
        }
    }

    /// Whether the reader follows chats its agent joins later.
    pub fn follow_joined(&mut self, id: ReaderId, follows: bool) {
        if let Some(reader) = self.readers.get_mut(&id) {
            reader.follows_joined = follows;
        }
    }

    /// The last event of the chat the reader was given.
    pub(super) fn place(&self, id: ReaderId, chat: ChatId) -> Option<u64> {
        match self.readers.get(&id)?.links.get(&chat)? {
            Link::Live => self.rooms.get(&chat).map(|room| room.head),
            Link::Behind(behind) => Some(behind.cursor),
            Link::Out(_) => None,
        }
    }

    /// Ends delivery of a chat.
    pub fn detach(&mut self, id: ReaderId, chat: ChatId) {
        let linked = self
            .readers
            .get_mut(&id)
            .and_then(|reader| reader.links.remove(&chat));
        if linked.is_some() {
            self.leave_room(id, chat);
        }
        if let (Some(Link::Behind(_)), Some(reader)) = (linked, self.readers.get_mut(&id)) {
            reader.behind.retain(|other| *other != chat);
        }
    }

    /// Ends delivery of everything outside `scope`.
    pub fn keep(&mut self, id: ReaderId, scope: &Scope) {
        self.follow_joined(id, scope.is_all);
        let Some(reader) = self.readers.get(&id) else {
            return;
        };
        let linked = reader.links.keys().copied();
        for chat in linked
            .filter(|chat| !scope.contains(*chat))
            .collect::<Vec<_>>()
        {
            self.detach(id, chat);
        }
    }

    /// Hands a frame that is in no log to the live readers of a chat, but not to those of the same
    /// agent, nor to any that has much to take already.
    pub fn pass(&mut self, id: ReaderId, chat: ChatId, frame: &Arc<str>, out: &mut dyn Outbox) {
        let (Some(sender), Some(room)) = (self.readers.get(&id), self.rooms.get(&chat)) else {
            return;
        };
        let agent = sender.agent;
        for other in room.live.clone() {
            let notice = Notice::Passing(chat, Arc::clone(frame));
            self.offer(other, agent, notice, out);
        }
    }

    /// Tells the live readers of chats of `agent` that it comes or goes, each once.
    pub fn announce(
        &mut self,
        agent: AgentId,
        chats: &[ChatId],
        presence: Presence,
        out: &mut dyn Outbox,
    ) {
        let rooms = chats.iter().filter_map(|chat| self.rooms.get(chat));
        let told: HashSet<_> = rooms.flat_map(|room| room.live.iter().copied()).collect();
        for id in told {
            let notice = Notice::Presence(agent, presence);
            self.offer(id, agent, notice, out);
        }
    }

    /// Sends what is in no log, unless it is the sender's or the reader has much to take already.
    fn offer(&mut self, id: ReaderId, sender: AgentId, notice: Notice, out: &mut dyn Outbox) {
        let Some(reader) = self.readers.get_mut(&id) else {
            return;
        };
        if reader.agent != sender && reader.queued * 4 <= self.queue_limit {
            reader.queued += notice.bytes();
            out.send(id, notice);
        }
    }

    /// The bell rang: these events are durable, in order.
    pub fn committed(&mut self, events: &[LoggedEvent], out: &mut dyn Outbox) {
        for (place, event) in events.iter().enumerate() {
            self.remember(event);
            self.deliver(event, out);
            if event.kind == EventKind::ParticipantJoined {
                self.admit(events.get(..=place).unwrap_or_default(), event, out);
            }
        }
    }

    /// The log was read, as [`Outbox::read`] asked.
    pub fn page(&mut self, id: ReaderId, page: &Page<'_>, out: &mut dyn Outbox) {
        let Some(reader) = self.readers.get_mut(&id) else {
            return;
        };
        reader.is_reading = false;
        reader.needs = 0;
        // The others have their turn before this chat has another.
        if let Some(place) = reader.behind.iter().position(|chat| *chat == page.chat) {
            let chat = reader.behind.remove(place);
            reader.behind.push(chat);
        }
        if let Some(Link::Behind(behind)) = reader.links.get_mut(&page.chat)
            && behind.reads == Some(page.since)
        {
            behind.reads = None;
            self.replay(id, page, out);
        }
        self.pump(id, out);
    }

    /// The reader's connection took `bytes` of queued events.
    pub fn drained(&mut self, id: ReaderId, bytes: usize, out: &mut dyn Outbox) {
        let Some(reader) = self.readers.get_mut(&id) else {
            return;
        };
        reader.queued = reader.queued.saturating_sub(bytes);
        self.pump(id, out);
    }
}
