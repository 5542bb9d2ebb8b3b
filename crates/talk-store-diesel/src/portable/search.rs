//! The text that channels are searched by.

use talk_domain::fold::fold;

/// What a channel is searched by.
pub(crate) fn search_key(name: &str, detail: &str) -> String {
    format!("{}\n{}", fold(name), fold(detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_matches_across_name_and_detail() {
        assert!(!search_key("x", "y").contains(&fold("x\ny")));
        assert!(!search_key("x", "y").contains(&fold("\n")));
    }
}
