//! Makes the name of a file, as a client sends it, safe to save a file under.

/// The name of a file that was sent without a usable one.
pub const UNNAMED: &str = "file";

/// Returns whether a character changes the direction of text, and so can hide the real extension of
/// a name.
const fn is_directional(c: char) -> bool {
    matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Returns the last segment of a path without control characters and characters that change the
/// direction of text. Returns [`UNNAMED`] if nothing but dots and spaces is left.
#[must_use]
pub fn safe(sent: &str) -> String {
    let last = sent.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept = last
        .chars()
        .filter(|c| !c.is_control() && !is_directional(*c));
    let name: String = kept.collect();
    let name = name.trim();
    if name.chars().all(|c| c == '.' || c.is_whitespace()) {
        return UNNAMED.to_owned();
    }
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FILE-08.
    #[test]
    fn a_name_is_no_path_and_breaks_no_header() {
        for (sent, expected) in [
            ("report.pdf", "report.pdf"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\me\\a.doc", "a.doc"),
            ("a\r\nSet-Cookie: x=1.txt", "aSet-Cookie: x=1.txt"),
            ("photo\u{202e}gpj.exe", "photogpj.exe"),
            ("보고서.txt", "보고서.txt"),
            (" a\0b ", "ab"),
            ("", "file"),
            ("..", "file"),
            ("dir/", "file"),
            (" . ", "file"),
        ] {
            assert_eq!(safe(sent), expected, "{sent:?}");
        }
    }
}
