//! Searching channels: case and accents do not count, in any script.

use unicode_normalization::UnicodeNormalization;

/// What is compared: compatibility forms and accents removed, composed again, and taken through
/// both cases, which brings together what one of them alone keeps apart (ß, ẞ and ss, σ and ς).
/// Control characters count as spaces, so that nothing matches across name and detail.
pub(crate) fn fold(text: &str) -> String {
    let bare = text.nfkd().filter(|c| !is_mark(*c)).nfc();
    bare.map(|c| if c.is_control() { ' ' } else { c })
        .flat_map(char::to_lowercase)
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .collect()
}

/// Accents, and the vowel marks of Hebrew and Arabic, which are left out in ordinary writing. The
/// marks of other scripts are part of the word.
const fn is_mark(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}'
        | '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}' | '\u{5c2}' | '\u{5c4}' | '\u{5c5}' | '\u{5c7}'
        | '\u{610}'..='\u{61a}' | '\u{64b}'..='\u{65f}' | '\u{670}'
        | '\u{6d6}'..='\u{6dc}' | '\u{6df}'..='\u{6e4}' | '\u{6e7}' | '\u{6e8}' | '\u{6ea}'..='\u{6ed}'
    )
}

/// What a channel is searched by.
pub(crate) fn search_key(name: &str, detail: &str) -> String {
    format!("{}\n{}", fold(name), fold(detail))
}

/// A `LIKE` pattern, escaped by `\`, for texts that contain `search`.
pub(crate) fn containing(search: &str) -> String {
    containing_exactly(&fold(search))
}

/// The same without folding.
pub(crate) fn containing_exactly(search: &str) -> String {
    let mut pattern = String::from("%");
    for c in search.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
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
            ("Москва", "москва"),
            ("İstanbul", "istanbul"),
            ("Straße", "STRASSE"),
            ("MASSE", "maße"),
            ("STRAẞE", "strasse"),
            ("Οδός", "ΟΔΟΣ"),
            ("ΚΟΣΜΟΣ", "κόσμος"),
            ("مَدْرَسَة", "مدرسة"),
            ("שָׁלוֹם", "שלום"),
        ] {
            assert_eq!(fold(a), fold(b));
        }
        assert_eq!(fold("한국어"), fold("\u{1112}\u{1161}\u{11ab}국어"));
        assert_ne!(fold("가"), fold("각"));
    }

    #[test]
    fn nothing_matches_across_name_and_detail() {
        assert!(!search_key("x", "y").contains(&fold("x\ny")));
        assert!(!search_key("x", "y").contains(&fold("\n")));
    }

    #[test]
    fn wildcards_are_ordinary_characters() {
        assert_eq!(containing("100%_\\"), "%100\\%\\_\\\\%");
        assert_eq!(containing(""), "%%");
    }
}
