//! The state machine of a subscription, without I/O: turns frames into updates and decides where
//! the next connection resumes.

mod opening;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, VecDeque};

use talk_wire::socket::{ClientFrame, Refused};

use crate::incoming::{Incoming, Subscribed};
use crate::positions::Positions;
use crate::update::{Follow, Update};
use opening::Opening;

/// Reasons to give up a working connection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    #[error("event {got} of chat {chat} came instead of {expected}")]
    Gap {
        chat: String,
        expected: u64,
        got: u64,
    },
    /// The subscription was refused permanently.
    #[error("{message} ({reason})")]
    Refused { reason: String, message: String },
    /// A transient refusal.
    #[error("{message} ({reason})")]
    Busy { reason: String, message: String },
}

/// The change of the positions once an update is yielded.
#[derive(Debug)]
enum Step {
    Nothing,
    Set(u64),
    Forget,
    /// Replaces all positions: those of one epoch change together.
    All(Positions),
}

/// The state of a subscription: positions in every chat, and the current connection.
#[derive(Debug)]
pub(crate) struct Tracker {
    follow: Follow,
    /// The positions after the last frame that was processed.
    positions: Positions,
    /// The positions after the last update that was yielded.
    delivered: Positions,
    updates: VecDeque<(Update, Step)>,
    /// The `subscribe` frames that are not all answered yet.
    opening: Option<Opening>,
    /// Chats joined since the last connection, whose first position must be looked up.
    joined: BTreeSet<String>,
    /// Whether this connection found another epoch than the positions have.
    is_new_epoch: bool,
}

impl Tracker {
    pub(crate) fn new(follow: Follow, positions: Positions) -> Self {
        Self {
            follow,
            delivered: positions.clone(),
            positions,
            updates: VecDeque::new(),
            opening: None,
            joined: BTreeSet::new(),
            is_new_epoch: false,
        }
    }

    /// The positions after the last update that was yielded.
    pub(crate) fn delivered(&self) -> &Positions {
        &self.delivered
    }

    /// Returns the next update, and moves the positions behind it.
    pub(crate) fn next_update(&mut self) -> Option<Update> {
        let (update, step) = self.updates.pop_front()?;
        match (step, update.chat()) {
            (Step::All(positions), _) => self.delivered = positions,
            (Step::Set(seq), Some(chat)) => self.delivered.set(chat, seq),
            (Step::Forget, Some(chat)) => self.delivered.forget(chat),
            _ => {}
        }
        Some(update)
    }

    /// Queues an update with its change of the positions.
    fn push(&mut self, update: Update, step: Step) {
        self.updates.push_back((update, step));
    }

    /// Returns whether all followed chats have ended.
    pub(crate) fn is_over(&self) -> bool {
        matches!(&self.follow, Follow::Chats(chats) if chats.is_empty())
    }

    /// Returns whether every `subscribe` frame is answered.
    pub(crate) fn is_open(&self) -> bool {
        self.opening.is_none()
    }

    /// Takes the chats whose first position must be looked up before the next connection; see
    /// [`Self::begin_after`]. The current connection is then given up.
    pub(crate) fn take_joined(&mut self) -> BTreeSet<String> {
        std::mem::take(&mut self.joined)
    }

    /// Sets the position of `chat` to `seq` for the next connection.
    pub(crate) fn begin_after(&mut self, chat: &str, seq: u64) {
        self.positions.set(chat, seq);
    }

    /// Starts a new connection of `agent` and returns the frames to send.
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
    /// When the connection must be given up; the positions stay valid.
    pub(crate) fn take(&mut self, frame: Incoming) -> Result<(), Fault> {
        let Some(mut opening) = self.opening.take() else {
            return self.apply_frame(frame);
        };
        opening.take(frame)?;
        if !opening.is_complete() {
            self.opening = Some(opening);
            return Ok(());
        }
        let (answer, held) = opening.finish();
        self.begun(answer)?;
        if self.joined.is_empty() {
            held.into_iter()
                .try_for_each(|frame| self.apply_frame(frame))?;
        }
        Ok(())
    }

    fn apply_frame(&mut self, frame: Incoming) -> Result<(), Fault> {
        match frame {
            Incoming::Event(frame) if self.is_next(&frame.chat_id, frame.seq)? => {
                self.positions.set(&frame.chat_id, frame.seq);
                let step = Step::Set(frame.seq);
                self.push(Update::Event(frame), step);
            }
            Incoming::CaughtUp(chat_id, seq) if self.is_followed(&chat_id) => {
                self.check_at(&chat_id, seq)?;
                self.push(Update::CaughtUp { chat_id, seq }, Step::Nothing);
            }
            Incoming::Lagging(chat_id, seq) if self.is_followed(&chat_id) => {
                self.push(Update::Lagging { chat_id, seq }, Step::Nothing);
            }
            // The change of the epoch has been reported already.
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
                self.push(Update::Typing { chat_id, agent_id }, Step::Nothing);
            }
            Incoming::Presence(agent_id, status) => {
                self.push(Update::Presence { agent_id, status }, Step::Nothing);
            }
            _ => {}
        }
        Ok(())
    }

    /// Returns whether `chat` is followed and has not ended.
    fn is_followed(&self, chat: &str) -> bool {
        match &self.follow {
            Follow::All => true,
            Follow::Chats(chats) => chats.iter().any(|followed| followed == chat),
        }
    }

    /// Returns whether an event is the next of its chat, and not a repeated one.
    fn is_next(&self, chat: &str, seq: u64) -> Result<bool, Fault> {
        match self.positions.get(chat) {
            _ if !self.is_followed(chat) => Ok(false),
            Some(known) if seq <= known => Ok(false),
            Some(known) if seq > known + 1 => Err(gap(chat, known, seq)),
            // Without a position the agent was just added, and the chat begins with this event.
            None | Some(_) => Ok(true),
        }
    }

    /// Checks that no event up to `seq` is missing.
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

    /// Resets all positions at once. This happens before the server's `reset` frames arrive: if the
    /// connection broke in between, the old positions would count for the new epoch.
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
        self.push(update, Step::Set(head));
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
        self.push(update, Step::Forget);
    }
}

fn gap(chat: &str, known: u64, got: u64) -> Fault {
    Fault::Gap {
        chat: chat.to_owned(),
        expected: known + 1,
        got,
    }
}
