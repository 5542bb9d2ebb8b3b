//! The text that channels are searched by, and patterns of `LIKE`.

use talk_domain::fold::fold;

/// What a channel is searched by.
pub(crate) fn search_key(name: &str, detail: &str) -> String {
    format!("{}\n{}", fold(name), fold(detail))
}

/// A `LIKE` pattern, escaped by `\`, for texts that contain `search` as it is.
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
    fn nothing_matches_across_name_and_detail() {
        assert!(!search_key("x", "y").contains(&fold("x\ny")));
        assert!(!search_key("x", "y").contains(&fold("\n")));
    }

    #[test]
    fn wildcards_are_ordinary_characters() {
        assert_eq!(containing_exactly("100%_\\"), "%100\\%\\_\\\\%");
        assert_eq!(containing_exactly(""), "%%");
    }
}
