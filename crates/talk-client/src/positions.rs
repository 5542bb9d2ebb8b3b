//! Positions of a subscriber in the logs of its chats.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The `seq` of the last event seen of each chat, and the epoch of the database that these numbers
/// belong to. To resume after a restart, store
/// [`Subscription::positions`](crate::Subscription::positions) and subscribe from them.
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
    /// Creates positions without chats for `epoch`.
    #[must_use]
    pub fn of(epoch: impl Into<String>) -> Self {
        Self {
            epoch: Some(epoch.into()),
            chats: BTreeMap::new(),
        }
    }

    /// Sets the position in `chat` to `seq`; 0 is before the first event.
    #[must_use]
    pub fn at(mut self, chat: impl Into<String>, seq: u64) -> Self {
        self.set(&chat.into().to_ascii_lowercase(), seq);
        self
    }

    /// The epoch; `None` before the first connection.
    #[must_use]
    pub fn epoch(&self) -> Option<&str> {
        self.epoch.as_deref()
    }

    /// The `seq` of the last event seen of `chat`.
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
