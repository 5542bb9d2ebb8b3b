//! Usernames: login names, unique over the installation.

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

use crate::kernel::error::Invalid;
use crate::talk::model::limits::{Limits, check_text};

/// Checks a new username and returns it in its normal form (NFKC): 1 to 255 characters, none of them
/// white space, a control or format character, unassigned, or invisible for another reason.
///
/// # Errors Names the limit or the kind of character.
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

/// Returns the key that usernames are compared by: names that differ in case or Unicode form alone
/// have the same.
#[must_use]
pub fn username_key(username: &str) -> String {
    let folded: String = username.nfkc().flat_map(key_characters).collect();
    key_of_folded(&folded)
}

/// Maps one character of a name in NFKC to its characters in the key. [`key_of_folded`] turns the
/// characters of all of them into the key. Callers that need the keys of many names with a common
/// beginning map that beginning once.
pub(crate) fn key_characters(c: char) -> impl Iterator<Item = char> {
    // Converted to both cases, since a single conversion keeps some letters apart: ß, ẞ and ss, σ
    // and ς.
    let kept = (!is_variation_selector(c)).then_some(c);
    kept.into_iter()
        .flat_map(char::to_lowercase)
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
}

/// Returns the key of a name whose characters were mapped by [`key_characters`].
pub(crate) fn key_of_folded(folded: &str) -> String {
    if is_nfkc_quick(folded.chars()) == IsNormalized::Yes {
        return folded.to_owned();
    }
    folded.nfkc().collect()
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

/// Returns whether `c` is a variation selector.
const fn is_variation_selector(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
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

    /// Case 57.
    #[test]
    fn names_that_differ_in_case_or_form_have_one_key() {
        for (one, other) in [
            ("Dave", "dave"),
            ("ＤＡＶＥ", "dave"),
            ("Straße", "STRASSE"),
            ("Οδός", "ΟΔΌΣ"),
            ("JO\u{308}RG", "jörg"),
            ("❤\u{fe0f}", "❤"),
        ] {
            assert_eq!(username_key(one), username_key(other), "{one} {other}");
        }
        for (one, other) in [("dave", "davé"), ("dave", "dave2"), ("👍", "👎")] {
            assert_ne!(username_key(one), username_key(other), "{one} {other}");
        }
    }

    /// Keys are compared byte by byte, so they must be in NFKC: some capital letters have no
    /// composed form while their small letters have one.
    #[test]
    fn a_key_is_in_the_normal_form() {
        assert_eq!(username_key("J\u{30c}an"), "\u{1f0}an");
        assert_eq!(username_key("\u{1f0}an"), "\u{1f0}an");
    }

    #[test]
    fn the_key_of_a_key_is_itself() {
        for c in (0..=0x2_ffff).filter_map(char::from_u32) {
            let key = username_key(&c.to_string());
            assert_eq!(username_key(&key), key, "{c:?}");
        }
    }
}
