//! How far a subscriber has got.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The last event seen of each chat, and the log these numbers are about. To go on after a restart,
/// keep [`Subscription::positions`](crate::Subscription::positions) and subscribe from them.
///
/// ```
/// use talk_client::Positions;
///
/// let positions = Positions::of("epoch-1").at("01945b5c-0000-7000-8000-000000000000", 120);
/// let kept = serde_json::to_string(&positions)?;
/// assert_eq!(serde_json::from_str::<Positions>(&kept)?, positions);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Positions {
    epoch: Option<String>,
    chats: BTreeMap<String, u64>,
}

impl Positions {
    /// No position yet in the log `epoch`, which every answer about events names.
    #[must_use]
    pub fn of(epoch: impl Into<String>) -> Self {
        Self {
            epoch: Some(epoch.into()),
            chats: BTreeMap::new(),
        }
    }

    /// The same, and in `chat` everything up to `seq` is seen; 0 is before the first event.
    #[must_use]
    pub fn at(mut self, chat: impl Into<String>, seq: u64) -> Self {
        self.set(&chat.into().to_ascii_lowercase(), seq);
        self
    }

    /// The log; `None` before the first connection.
    #[must_use]
    pub fn epoch(&self) -> Option<&str> {
        self.epoch.as_deref()
    }

    /// The last event seen of `chat`.
    #[must_use]
    pub fn get(&self, chat: &str) -> Option<u64> {
        self.chats.get(chat).copied()
    }

    /// Every chat with the last event seen.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.chats.iter().map(|(chat, seq)| (&**chat, *seq))
    }

    pub(crate) fn set(&mut self, chat: &str, seq: u64) {
        match self.chats.get_mut(chat) {
            Some(known) => *known = seq,
            None => {
                self.chats.insert(chat.to_owned(), seq);
            }
        }
    }

    pub(crate) fn forget(&mut self, chat: &str) {
        self.chats.remove(chat);
    }

    pub(crate) fn set_epoch(&mut self, epoch: &str) {
        if self.epoch() != Some(epoch) {
            self.epoch = Some(epoch.to_owned());
        }
    }
}
