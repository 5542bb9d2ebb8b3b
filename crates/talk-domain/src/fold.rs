//! Folding: texts that differ in case, accents or compatibility forms alone are searched as one.

use unicode_normalization::UnicodeNormalization;

/// What is compared: compatibility forms and accents removed, composed again, and taken through
/// both cases, which brings together what one of them alone keeps apart (ß, ẞ and ss, σ and ς).
/// Control characters count as spaces.
#[must_use]
pub fn fold(text: &str) -> String {
    // Most of what is searched through; the long way gives the same.
    if text.is_ascii() {
        let plain = |c: char| if c.is_control() { ' ' } else { c };
        return text
            .chars()
            .map(plain)
            .map(|c| c.to_ascii_lowercase())
            .collect();
    }
    let bare = text.nfkd().filter(|c| !is_mark(*c)).nfc();
    bare.map(|c| if c.is_control() { ' ' } else { c })
        .flat_map(char::to_lowercase)
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .collect()
}

/// Accents, the vowel marks of Hebrew and Arabic, which are left out in ordinary writing, and the
/// choice between an emoji's two looks. The marks of other scripts are part of the word.
const fn is_mark(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}'
        | '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}' | '\u{5c2}' | '\u{5c4}' | '\u{5c5}' | '\u{5c7}'
        | '\u{610}'..='\u{61a}' | '\u{64b}'..='\u{65f}' | '\u{670}'
        | '\u{6d6}'..='\u{6dc}' | '\u{6df}'..='\u{6e4}' | '\u{6e7}' | '\u{6e8}' | '\u{6ea}'..='\u{6ed}'
        | '\u{fe0e}' | '\u{fe0f}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_accents_and_compatibility_forms_do_not_count() {
        for (a, b) in [
            ("Café", "CAFE\u{301}"),
            ("Ångström", "angstrom"),
            ("ＡＢＣ", "abc"),
            ("ｶﾞ", "ガ"),
            ("Москва", "москва"),
            ("İstanbul", "istanbul"),
            ("Straße", "STRASSE"),
            ("MASSE", "maße"),
            ("STRAẞE", "strasse"),
            ("Οδός", "ΟΔΟΣ"),
            ("ΚΟΣΜΟΣ", "κόσμος"),
            ("مَدْرَسَة", "مدرسة"),
            ("שָׁלוֹם", "שלום"),
            ("❤\u{fe0f}", "❤"),
            ("one\ttwo\u{85}three", "one two three"),
        ] {
            assert_eq!(fold(a), fold(b));
        }
    }

    #[test]
    fn letters_of_their_own_stay_apart() {
        for (a, b) in [
            ("가", "각"),
            ("か", "が"),
            ("น้ำ", "นำ"),
            ("👍", "👍🏽"),
            ("ي", "ب"),
        ] {
            assert_ne!(fold(a), fold(b));
        }
        assert_eq!(fold("한국어"), fold("\u{1112}\u{1161}\u{11ab}국어"));
        assert!(!fold("\u{1100}\u{1161}\u{11a8}").contains(&fold("\u{1100}\u{1161}")));
    }

    #[test]
    fn the_short_way_of_ascii_is_the_long_way() {
        let ascii: String = (0..128_u8).map(char::from).collect();
        let long = fold(&format!("{ascii}é"));
        assert_eq!(fold(&ascii), long.trim_end_matches('e').to_owned());
    }
}
