//! The keys that usernames are compared by. Agents are stored with theirs, and found by it when a
//! text mentions them.

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

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
    // Both cases, since one of them alone keeps some letters apart: ß, ẞ and ss, σ and ς.
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

/// Returns whether `c` is a variation selector.
const fn is_variation_selector(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

#[cfg(test)]
mod tests {
    use super::*;

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
