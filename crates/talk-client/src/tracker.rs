//! What to make of a frame: decides what is told and where a lost connection is resumed. No I/O.

mod opening;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, VecDeque};

use talk_wire::socket::{ClientFrame, Refused};

use crate::incoming::{Incoming, Subscribed};
use crate::positions::Positions;
use crate::update::{Follow, Update};
use opening::Opening;

/// Why a connection is given up although it works.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    #[error("event {got} of chat {chat} came instead of {expected}")]
    Gap {
        chat: String,
        expected: u64,
        got: u64,
    },
    /// The server does not deliver what was asked for, and will not later.
    #[error("{message} ({reason})")]
    Refused { reason: String, message: String },
    /// The server cannot do it now.
    #[error("{message} ({reason})")]
    Busy { reason: String, message: String },
}

/// What telling an update means for the positions.
#[derive(Debug)]
enum Step {
    Nothing,
    Set(u64),
    Forget,
    /// They are these: several updates make one step, since positions have one epoch.
    All(Positions),
}

/// Where a subscriber stands, in every chat and on the present connection.
#[derive(Debug)]
pub(crate) struct Tracker {
    follow: Follow,
    positions: Positions,
    /// The positions without what waits to be told.
    told: Positions,
    updates: VecDeque<(Update, Step)>,
    /// Until every `subscribe` is answered.
    opening: Option<Opening>,
    /// Chats the agent has joined since the last connection: where they begin is to be found out.
    joined: BTreeSet<String>,
    /// Whether the server's log was found to be another one on this connection.
    is_new_epoch: bool,
}

impl Tracker {
    pub(crate) fn new(follow: Follow, positions: Positions) -> Self {
        Self {
            follow,
            told: positions.clone(),
            positions,
            updates: VecDeque::new(),
            opening: None,
            joined: BTreeSet::new(),
            is_new_epoch: false,
        }
    }

    /// What has been told.
    pub(crate) fn told(&self) -> &Positions {
        &self.told
    }

    /// What is to be told next.
    pub(crate) fn next_update(&mut self) -> Option<Update> {
        let (update, step) = self.updates.pop_front()?;
        match (step, update.chat()) {
            (Step::All(positions), _) => self.told = positions,
            (Step::Set(seq), Some(chat)) => self.told.set(chat, seq),
            (Step::Forget, Some(chat)) => self.told.forget(chat),
            _ => {}
        }
        Some(update)
    }

    fn tell(&mut self, update: Update, step: Step) {
        self.updates.push_back((update, step));
    }

    /// Whether nothing more will ever come.
    pub(crate) fn is_over(&self) -> bool {
        matches!(&self.follow, Follow::Chats(chats) if chats.is_empty())
    }

    /// Whether every `subscribe` is answered.
    pub(crate) fn is_open(&self) -> bool {
        self.opening.is_none()
    }

    /// Chats to find out about before the next connection; see [`Self::begin_after`]. The present
    /// one is of no use then.
    pub(crate) fn joined(&mut self) -> BTreeSet<String> {
        std::mem::take(&mut self.joined)
    }

    /// `chat` is told from the event after `seq`, beginning with the next connection.
    pub(crate) fn begin_after(&mut self, chat: &str, seq: u64) {
        self.positions.set(chat, seq);
    }

    /// A new connection of `agent`: what it sends.
    pub(crate) fn begin(&mut self, agent: &str) -> Vec<ClientFrame> {
        self.joined.clear();
        self.is_new_epoch = false;
        let (opening, frames) = Opening::begin(agent, &self.follow, &self.positions);
        self.opening = Some(opening);
        frames
    }

    /// A frame has come.
    ///
    /// # Errors
    /// When the connection is worth nothing any more; the positions still are.
    pub(crate) fn take(&mut self, frame: Incoming) -> Result<(), Fault> {
        let Some(mut opening) = self.opening.take() else {
            return self.obey(frame);
        };
        opening.take(frame)?;
        if !opening.is_complete() {
            self.opening = Some(opening);
            return Ok(());
        }
        let (answer, held) = opening.finish();
        self.begun(answer)?;
        if self.joined.is_empty() {
            held.into_iter().try_for_each(|frame| self.obey(frame))?;
        }
        Ok(())
    }

    fn obey(&mut self, frame: Incoming) -> Result<(), Fault> {
        match frame {
            Incoming::Event(frame) if self.is_next(&frame.chat_id, frame.seq)? => {
                self.positions.set(&frame.chat_id, frame.seq);
                let step = Step::Set(frame.seq);
                self.tell(Update::Event(frame), step);
            }
            Incoming::CaughtUp(chat_id, seq) if self.is_followed(&chat_id) => {
                self.check_at(&chat_id, seq)?;
                self.tell(Update::CaughtUp { chat_id, seq }, Step::Nothing);
            }
            Incoming::Lagging(chat_id, seq) if self.is_followed(&chat_id) => {
                self.tell(Update::Lagging { chat_id, seq }, Step::Nothing);
            }
            // Of a new epoch was told already.
            Incoming::Reset(_, reason, _) if self.is_new_epoch && reason == "epoch" => {}
            Incoming::Reset(chat_id, reason, head) if self.is_followed(&chat_id) => {
                self.reset(chat_id, reason, head);
            }
            Incoming::Unsubscribed(chat_id, reason, seq) if self.is_followed(&chat_id) => {
                self.check_at(&chat_id, seq)?;
                if self.positions.get(&chat_id).is_some() {
                    self.end(chat_id, reason, seq);
                }
            }
            Incoming::Typing(chat_id, agent_id) => {
                self.tell(Update::Typing { chat_id, agent_id }, Step::Nothing);
            }
            Incoming::Presence(agent_id, status) => {
                self.tell(Update::Presence { agent_id, status }, Step::Nothing);
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether what is said of `chat` matters: not when it has ended.
    fn is_followed(&self, chat: &str) -> bool {
        match &self.follow {
            Follow::All => true,
            Follow::Chats(chats) => chats.iter().any(|followed| followed == chat),
        }
    }

    /// Whether an event is the next of its chat, and not one that was told already.
    fn is_next(&self, chat: &str, seq: u64) -> Result<bool, Fault> {
        match self.positions.get(chat) {
            _ if !self.is_followed(chat) => Ok(false),
            Some(known) if seq <= known => Ok(false),
            Some(known) if seq > known + 1 => Err(gap(chat, known, seq)),
            // Without a position: somebody added the agent, the chat begins where it begins.
            None | Some(_) => Ok(true),
        }
    }

    /// Nothing up to `seq` is missing.
    fn check_at(&self, chat: &str, seq: u64) -> Result<(), Fault> {
        match self.positions.get(chat) {
            Some(known) if seq > known => Err(gap(chat, known, seq)),
            None | Some(_) => Ok(()),
        }
    }

    fn begun(&mut self, answer: Subscribed) -> Result<(), Fault> {
        let is_resuming = self.positions.epoch().is_some();
        let is_same = self.positions.epoch() == Some(&answer.epoch);
        for refused in &answer.refused {
            self.refused(refused)?;
        }
        if is_resuming && !is_same {
            self.change_epoch(&answer);
        }
        self.positions.set_epoch(&answer.epoch);
        for (chat, range) in &answer.chats {
            if self.positions.get(chat).is_some() {
                continue;
            }
            if is_resuming && is_same && self.follow == Follow::All {
                self.joined.insert(chat.clone());
            } else {
                self.positions.set(chat, range.from.saturating_sub(1));
            }
        }
        if self.joined.is_empty() {
            let chats = answer.chats;
            self.updates
                .push_front((Update::Connected { chats }, Step::Nothing));
            for (_, step) in &mut self.updates {
                *step = Step::Nothing;
            }
            if let Some((_, last)) = self.updates.back_mut() {
                *last = Step::All(self.positions.clone());
            }
        }
        Ok(())
    }

    /// All positions are worth nothing at once. This is told now, not when the server's `reset`
    /// comes: were the connection lost in between, they would be taken for ones of the new log.
    fn change_epoch(&mut self, answer: &Subscribed) {
        self.is_new_epoch = true;
        let known = self.positions.clone();
        for (chat, seq) in known.iter() {
            let chat = chat.to_owned();
            if let Some(range) = answer.chats.get(&chat) {
                let head = range.from.saturating_sub(1);
                self.reset(chat, "epoch".to_owned(), head);
            } else if self.follow == Follow::All {
                self.end(chat, "not_a_participant".to_owned(), seq);
            } else {
                self.positions.forget(&chat);
            }
        }
    }

    fn refused(&mut self, refused: &Refused) -> Result<(), Fault> {
        let reason = refused.reason.clone();
        let Some(chat) = refused.topic.split(':').nth(3) else {
            let message = format!("{} cannot be followed", refused.topic);
            return Err(Fault::Refused { reason, message });
        };
        let seq = self.positions.get(chat).unwrap_or_default();
        self.end(chat.to_owned(), reason, seq);
        Ok(())
    }

    fn reset(&mut self, chat_id: String, reason: String, head: u64) {
        self.positions.set(&chat_id, head);
        let update = Update::Reset {
            chat_id,
            reason,
            head,
        };
        self.tell(update, Step::Set(head));
    }

    fn end(&mut self, chat_id: String, reason: String, seq: u64) {
        self.positions.forget(&chat_id);
        if let Follow::Chats(chats) = &mut self.follow {
            chats.retain(|followed| *followed != chat_id);
        }
        let update = Update::Unsubscribed {
            chat_id,
            reason,
            seq,
        };
        self.tell(update, Step::Forget);
    }
}

fn gap(chat: &str, known: u64, got: u64) -> Fault {
    Fault::Gap {
        chat: chat.to_owned(),
        expected: known + 1,
        got,
    }
}
