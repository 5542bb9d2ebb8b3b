//! The text that a search looks for.

use crate::kernel::error::Invalid;
use crate::kernel::fold::{fold, fold_needle};
use crate::kernel::text::check_text;

/// The text of a search, [folded](fold_needle) and never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needle(String);

impl Needle {
    /// Maximum of characters, folded.
    pub const LIMIT: usize = 255;

    /// Parses the search text of `field`.
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

    /// Returns the folded text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether `text`, folded, contains it.
    #[must_use]
    pub fn is_in(&self, text: &str) -> bool {
        fold(text).contains(&self.0)
    }
}
