//! The `subscribe` frames of a new connection and their answers.

use std::collections::{BTreeSet, VecDeque};

use talk_wire::socket::ClientFrame;

use super::Fault;
use crate::incoming::{Incoming, Subscribed};
use crate::positions::Positions;
use crate::update::Follow;

/// Chats that one `subscribe` names, so that it stays well below the 64 KiB a frame may have.
const CHATS_PER_FRAME: usize = 300;

/// A `subscribe` frame that is not answered yet.
#[derive(Debug)]
struct Asked {
    id: String,
    /// Chats whose events are held back until the answer.
    chats: BTreeSet<String>,
}

/// A subscription split over several frames; their answers are merged.
#[derive(Debug)]
pub(super) struct Opening {
    asked: VecDeque<Asked>,
    answer: Subscribed,
    /// Frames received between the answers, processed after the last one.
    held: Vec<Incoming>,
}

impl Opening {
    /// Returns the first frames to send.
    pub(super) fn begin(
        agent: &str,
        follow: &Follow,
        positions: &Positions,
    ) -> (Self, Vec<ClientFrame>) {
        let mine = format!("agent_id:{agent}:chat");
        let chats: Vec<String> = match follow {
            Follow::All => positions.iter().map(|(c, _)| c.to_owned()).collect(),
            Follow::Chats(chats) => chats.clone(),
        };
        let mut parts: Vec<&[String]> = chats.chunks(CHATS_PER_FRAME).collect();
        if parts.is_empty() {
            parts.push(&[]);
        }
        let (mut asked, mut frames) = (VecDeque::new(), Vec::new());
        for (i, part) in parts.into_iter().enumerate() {
            let topics = match follow {
                Follow::All => vec![mine.clone()],
                Follow::Chats(_) => part.iter().map(|chat| format!("{mine}:{chat}")).collect(),
            };
            let known = |chat: &String| Some((chat.clone(), positions.get(chat)?));
            let epoch = positions.epoch().map(str::to_owned);
            let id = format!("s{i}");
            frames.push(ClientFrame {
                kind: "subscribe".to_owned(),
                id: Some(id.clone()),
                topics: Some(topics),
                since: epoch
                    .is_some()
                    .then(|| part.iter().filter_map(known).collect()),
                epoch,
                ..ClientFrame::default()
            });
            let chats = part.iter().cloned().collect();
            asked.push_back(Asked { id, chats });
        }
        let opening = Self {
            asked,
            answer: Subscribed::default(),
            held: Vec::new(),
        };
        (opening, frames)
    }

    /// A frame has come.
    ///
    /// # Errors
    /// When the subscription is refused.
    pub(super) fn take(&mut self, frame: Incoming) -> Result<(), Fault> {
        match frame {
            Incoming::Subscribed(answer) => self.answered(answer),
            Incoming::Refused(reason, message) => Err(refusal(reason, message)),
            frame => {
                if !self.is_too_early(&frame) {
                    self.held.push(frame);
                }
                Ok(())
            }
        }
    }

    /// Returns whether every frame is answered.
    pub(super) fn is_complete(&self) -> bool {
        self.asked.is_empty()
    }

    /// Returns the merged answer, and the frames held back meanwhile.
    pub(super) fn finish(self) -> (Subscribed, Vec<Incoming>) {
        (self.answer, self.held)
    }

    /// Returns whether an event belongs to a chat that a later frame resumes: its event will be
    /// replayed.
    fn is_too_early(&self, frame: &Incoming) -> bool {
        let chat = match frame {
            Incoming::Event(frame) => &frame.chat_id,
            Incoming::CaughtUp(chat, _)
            | Incoming::Lagging(chat, _)
            | Incoming::Reset(chat, ..)
            | Incoming::Unsubscribed(chat, ..) => chat,
            Incoming::Typing(..)
            | Incoming::Presence(..)
            | Incoming::Subscribed(_)
            | Incoming::Refused(..)
            | Incoming::Other => return false,
        };
        self.asked.iter().any(|asked| asked.chats.contains(chat))
    }

    fn answered(&mut self, answer: Subscribed) -> Result<(), Fault> {
        let Some(asked) = self.asked.pop_front() else {
            return Ok(());
        };
        if asked.id != answer.id {
            return Err(Fault::Busy {
                reason: "ANSWER_MISMATCH".to_owned(),
                message: format!("{} was answered instead of {}", answer.id, asked.id),
            });
        }
        for (chat, range) in answer.chats {
            if asked.chats.contains(&chat) {
                self.answer.chats.insert(chat, range);
            } else {
                self.answer.chats.entry(chat).or_insert(range);
            }
        }
        self.answer.refused.extend(answer.refused);
        self.answer.epoch = answer.epoch;
        Ok(())
    }
}

/// Transient errors, worth a retry; all others are permanent.
fn refusal(reason: String, message: String) -> Fault {
    let passes = matches!(
        &*reason,
        "STOPPING" | "BUSY" | "INTERNAL" | "QUERY_TIMEOUT" | "STORAGE_UNAVAILABLE"
    );
    if passes {
        Fault::Busy { reason, message }
    } else {
        Fault::Refused { reason, message }
    }
}
