//! The log of the model: chats, who is in them, and what the bell has not told yet.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use talk_domain::kernel::id::{AgentId, ChatId};
use talk_domain::kernel::log::LoggedEvent;
use talk_domain::talk::model::event::EventKind;
use uuid::Uuid;

use super::random::Random;

const CHATS: u64 = 3;
const AGENTS: u64 = 3;

/// Everything durable.
#[derive(Default)]
pub(super) struct Log {
    pub(super) events: HashMap<ChatId, Vec<LoggedEvent>>,
    pub(super) members: HashMap<ChatId, Vec<AgentId>>,
    /// The event each former member left with last.
    pub(super) left: HashMap<(ChatId, AgentId), u64>,
    pub(super) unrung: VecDeque<LoggedEvent>,
    /// How many events are no longer to be read.
    trimmed: HashMap<ChatId, u64>,
}

fn chat(n: u64) -> ChatId {
    ChatId(Uuid::from_u128(100 + u128::from(n)))
}

/// One of the agents.
pub(super) fn an_agent(random: &mut Random) -> AgentId {
    AgentId(Uuid::from_u128(200 + u128::from(random.below(AGENTS))))
}

impl Log {
    fn append(&mut self, chat: ChatId, kind: EventKind, subject: Uuid) {
        let log = self.events.entry(chat).or_default();
        let seq = log.len() as u64 + 1;
        // Some take half the space of a connection, some more than all of it.
        let digits = match seq % 7 {
            3 => 30,
            5 => 60,
            _ => 6,
        };
        let frame: Arc<str> = format!("{seq:0digits$}").into();
        let event = LoggedEvent {
            chat,
            seq,
            kind,
            subject,
            frame,
        };
        log.push(event.clone());
        self.unrung.push_back(event);
    }

    /// The last event of a chat that is no longer to be read.
    pub(super) fn start(&self, chat: ChatId) -> u64 {
        self.trimmed.get(&chat).copied().unwrap_or_default()
    }

    /// Trims a log, but for its last event.
    pub(super) fn trim(&mut self, random: &mut Random) {
        let chat = chat(random.below(CHATS));
        let Some(log) = self.events.get(&chat) else {
            return;
        };
        let start = random.below(log.len() as u64);
        let trimmed = self.trimmed.entry(chat).or_default();
        *trimmed = start.max(*trimmed);
    }

    /// Somebody does something somewhere.
    pub(super) fn write(&mut self, random: &mut Random) {
        let chat = chat(random.below(CHATS));
        let who = an_agent(random);
        if !self.events.contains_key(&chat) {
            self.append(chat, EventKind::ChatCreated, chat.0);
            self.append(chat, EventKind::ParticipantJoined, who.0);
            self.members.insert(chat, vec![who]);
            return;
        }
        let members = self.members.entry(chat).or_default();
        let place = members.iter().position(|member| *member == who);
        match (random.below(6), place) {
            (0, Some(place)) => {
                members.remove(place);
                self.append(chat, EventKind::ParticipantLeft, who.0);
                let seq = self.events[&chat].len() as u64;
                self.left.insert((chat, who), seq);
            }
            (1, None) => {
                members.push(who);
                self.left.remove(&(chat, who));
                self.append(chat, EventKind::ParticipantJoined, who.0);
            }
            _ => self.append(chat, EventKind::MessagePosted, Uuid::nil()),
        }
    }
}
