//! Usernames: login names, unique over the installation.

use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

use crate::kernel::error::Invalid;
use crate::kernel::limits::Limits;
use crate::kernel::text::check_text;

/// Checks a new username and returns it in its normal form (NFKC): 1 to 255 characters, none of them
/// white space, a control or format character, unassigned, or invisible for another reason.
///
/// # Errors
/// Names the limit or the kind of character.
pub fn normal_username(typed: &str, limits: &Limits) -> Result<String, Invalid> {
    // One character more than allowed is enough to see that there are too many.
    let username: String = typed.nfkc().take(limits.name.saturating_add(1)).collect();
    check_text("username", &username, limits.name)?;
    if username.is_empty() {
        return Err(Invalid::new(
            "username",
            "USERNAME_REQUIRED",
            "must not be empty",
        ));
    }
    if username.chars().all(is_allowed) {
        return Ok(username);
    }
    Err(Invalid::new(
        "username",
        "USERNAME_INVALID",
        "must not contain white space or characters that cannot be seen",
    ))
}

fn is_allowed(c: char) -> bool {
    let is_unseen = matches!(
        c.general_category(),
        GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::Surrogate
            | GeneralCategory::Unassigned
    );
    !is_unseen && !c.is_whitespace() && !is_blank(c)
}

/// Returns whether `c` is a mark or letter without a visible glyph.
const fn is_blank(c: char) -> bool {
    matches!(
        c,
        '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'
            ..='\u{180f}' | '\u{2800}' | '\u{3164}' | '\u{ffa0}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(typed: &str) -> Result<String, &'static str> {
        normal_username(typed, &Limits::default()).map_err(|invalid| invalid.reason)
    }

    /// Case 57.
    #[test]
    fn a_username_is_stored_in_its_normal_form() {
        for (typed, stored) in [
            ("carol", "carol"),
            ("Carol", "Carol"),
            ("ｃａｒｏｌ", "carol"),
            ("jo\u{308}rg", "jörg"),
            ("ﬁona", "fiona"),
            ("한글", "한글"),
            ("❤\u{fe0f}", "❤\u{fe0f}"),
        ] {
            assert_eq!(normal(typed).as_deref(), Ok(stored));
        }
    }

    /// Case 57.
    #[test]
    fn a_username_with_characters_that_nobody_sees_is_refused() {
        for unseen in [
            '\u{200b}',
            '\u{200d}',
            '\u{ad}',
            '\u{202e}',
            '\u{feff}',
            '\u{e0041}', // format
            '\u{7}',
            '\u{85}', // control
            ' ',
            '\u{a0}',
            '\u{3000}',
            '\u{2028}', // white space
            '\u{378}',
            '\u{e01ff}', // unassigned
            '\u{34f}',
            '\u{115f}',
            '\u{2800}',
            '\u{3164}',
            '\u{ffa0}', // blank
        ] {
            let typed = format!("car{unseen}ol");
            assert_eq!(normal(&typed), Err("USERNAME_INVALID"), "{typed:?}");
        }
    }

    /// AUTH-07: 1 to 255 characters after NFKC.
    #[test]
    fn the_length_of_a_username_is_that_of_its_normal_form() {
        assert_eq!(normal(""), Err("USERNAME_REQUIRED"));
        assert_eq!(normal("a\0"), Err("NUL_CHARACTER"));
        assert!(normal(&"x".repeat(255)).is_ok());
        assert_eq!(normal(&"x".repeat(256)), Err("LIMIT_EXCEEDED"));
        // Two characters are composed into one, and one is decomposed into eighteen.
        assert!(normal(&"o\u{308}".repeat(255)).is_ok());
        assert_eq!(normal(&"\u{3300}".repeat(64)), Err("LIMIT_EXCEEDED"));
    }
}
