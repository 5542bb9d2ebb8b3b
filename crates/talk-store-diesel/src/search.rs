//! Searching channels: case and accents do not count, in any script.

use unicode_normalization::UnicodeNormalization;

/// What is compared: compatibility forms and accents removed, composed again, lower case.
pub(crate) fn fold(text: &str) -> String {
    let bare = text
        .nfkd()
        .filter(|c| !('\u{300}'..='\u{36f}').contains(c))
        .nfc();
    bare.flat_map(char::to_lowercase).collect()
}

/// What a channel is searched by.
pub(crate) fn search_key(name: &str, detail: &str) -> String {
    fold(&format!("{name}\n{detail}"))
}

/// A `LIKE` pattern, escaped by `\`, for texts that contain `search`.
pub(crate) fn containing(search: &str) -> String {
    let mut pattern = String::from("%");
    for c in fold(search).chars() {
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
        ] {
            assert_eq!(fold(a), fold(b));
        }
        assert_eq!(fold("한국어"), fold("\u{1112}\u{1161}\u{11ab}국어"));
        assert_ne!(fold("가"), fold("각"));
    }

    #[test]
    fn wildcards_are_ordinary_characters() {
        assert_eq!(containing("100%_\\"), "%100\\%\\_\\\\%");
        assert_eq!(containing(""), "%%");
    }
}
