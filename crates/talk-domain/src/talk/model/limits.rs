//! The installation's limits, and the check of text fields.

use crate::kernel::error::Invalid;

/// Configurable limits (API-18).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Characters of a message text.
    pub text: usize,
    /// Characters of a name.
    pub name: usize,
    /// Characters of a detail.
    pub detail: usize,
    /// Medias of one message.
    pub medias: usize,
    /// Participants named in one request.
    pub participants: usize,
    /// Reactions on one message.
    pub reactions: usize,
    /// Reactions of one agent on one message.
    pub reactions_per_agent: usize,
    /// Bytes of one emoji.
    pub emoji: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            text: 16_000,
            name: 255,
            detail: 4_096,
            medias: 20,
            participants: 500,
            reactions: 300,
            reactions_per_agent: 20,
            emoji: 64,
        }
    }
}

/// Characters of a URL.
pub const URL: usize = 2_048;

/// Checks that `value` has at most `limit` characters and no U+0000.
///
/// # Errors
/// Names `field` and the limit.
pub fn check_text(field: &str, value: &str, limit: usize) -> Result<(), Invalid> {
    if value.chars().nth(limit).is_some() {
        return Err(Invalid::too_long(field, limit, "characters"));
    }
    if value.contains('\0') {
        return Err(Invalid::new(
            field,
            "NUL_CHARACTER",
            "must not contain U+0000",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_counts_characters_not_bytes() {
        assert_eq!(check_text("name", "글자둘", 3), Ok(()));
        assert_eq!(check_text("name", "abcd", 3).unwrap_err().limit, Some(3));
    }

    #[test]
    fn u_0000_is_refused() {
        assert_eq!(
            check_text("name", "a\0", 3).unwrap_err().reason,
            "NUL_CHARACTER"
        );
    }

    #[test]
    fn a_limit_is_the_number_that_is_still_allowed() {
        for (value, is_allowed) in [
            ("abc", true),
            ("abcd", false),
            ("글자둘", true),
            ("글자둘도", false),
        ] {
            assert_eq!(check_text("name", value, 3).is_ok(), is_allowed, "{value}");
        }
    }

    /// API-18: the limits of an installation that sets none.
    #[test]
    fn the_limits_are_those_of_the_documentation() {
        let limits = Limits::default();
        let texts = (limits.text, limits.name, limits.detail, limits.emoji);
        assert_eq!(texts, (16_000, 255, 4_096, 64));
        let counts = (limits.medias, limits.participants);
        assert_eq!(counts, (20, 500));
        assert_eq!((limits.reactions, limits.reactions_per_agent), (300, 20));
    }
}
