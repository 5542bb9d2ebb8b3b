//! Searches of message texts.

use crate::kernel::error::Invalid;
use crate::kernel::fold::{fold, fold_needle};
use crate::kernel::id::{AgentId, ChatId};
use crate::kernel::text::check_text;
use crate::kernel::time::Timestamp;

/// What is searched for, [folded](fold_needle) and never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needle(String);

impl Needle {
    /// Characters at most, folded.
    pub const LIMIT: usize = 255;

    /// Reads what `field` asks for.
    ///
    /// # Errors
    /// `QUERY_REQUIRED` when it has only white space, accents and invisible characters, otherwise as
    /// [`check_text`]; all name `field`.
    pub fn parse(field: &str, query: &str) -> Result<Self, Invalid> {
        check_text(field, query, usize::MAX)?;
        let folded = fold_needle(query);
        check_text(field, &folded, Self::LIMIT)?;
        if folded.is_empty() {
            let message = "must have at least one character that is searched for";
            return Err(Invalid::new(field, "QUERY_REQUIRED", message));
        }
        Ok(Self(folded))
    }

    /// As it is compared.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `text`, folded, contains it.
    #[must_use]
    pub fn is_in(&self, text: &str) -> bool {
        fold(text).contains(&self.0)
    }
}

/// Which messages are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageSearch {
    /// Containing this.
    pub needle: Needle,
    /// Of this chat.
    pub chat: Option<ChatId>,
    /// By this agent.
    pub author: Option<AgentId>,
    /// Made after this instant.
    pub after: Option<Timestamp>,
    /// Made before this instant.
    pub before: Option<Timestamp>,
}
