//! The folded text by which channels are searched.

use talk_domain::kernel::fold::fold;

/// Returns the folded text by which a channel is searched.
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
