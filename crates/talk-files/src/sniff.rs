//! Finds the MIME type of a file in its first bytes. The declared type does not count: an HTML page
//! that is declared as a picture is still an HTML page.

/// Number of first bytes that [`sniff`] needs at most.
pub(crate) const HEAD: usize = 8 * 1024;

const UNKNOWN: &str = "application/octet-stream";

/// Returns the MIME type of a file that begins with `head`.
#[must_use]
pub fn sniff(head: &[u8]) -> &'static str {
    if let Some(markup) = text_of(head).and_then(markup) {
        return markup;
    }
    if let Some(known) = infer::get(head) {
        return known.mime_type();
    }
    if text_of(head).is_some_and(is_plain) {
        return "text/plain";
    }
    UNKNOWN
}

/// Returns the beginning as text without a byte order mark, if it is UTF-8. The last character may
/// be cut.
fn text_of(head: &[u8]) -> Option<&str> {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(head.get(..error.valid_up_to())?).ok()?
        }
        Err(_) => return None,
    };
    Some(text.strip_prefix('\u{feff}').unwrap_or(text))
}

fn is_plain(text: &str) -> bool {
    text.chars()
        .all(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t' | '\u{c}' | '\u{1b}'))
}

/// Returns the type of a text that begins with a tag, a doctype or an XML declaration, behind white
/// space and comments.
fn markup(text: &str) -> Option<&'static str> {
    let mut rest = text;
    // Whether a comment or an XML declaration was seen, and whether an XML declaration was.
    let (mut is_markup, mut is_xml) = (false, false);
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c.is_control());
        let lower = rest.get(..9).unwrap_or(rest).to_ascii_lowercase();
        if lower.starts_with("<!--") {
            rest = rest.split_once("-->").map_or("", |(_, rest)| rest);
            is_markup = true;
        } else if lower.starts_with("<?") {
            rest = rest.split_once("?>").map_or("", |(_, rest)| rest);
            (is_markup, is_xml) = (true, true);
        } else if lower == "<!doctype" {
            let named = rest.get(9..).unwrap_or_default().trim_start();
            return Some(by_name(named, is_xml));
        } else if let Some(tag) = rest.strip_prefix('<')
            && tag.starts_with(|c: char| c.is_ascii_alphabetic())
        {
            return Some(by_name(tag, is_xml));
        } else {
            return is_markup.then_some("text/xml");
        }
    }
}

/// Returns the type of a document whose root is named at the beginning of `text`. In XML, only a root
/// `html` makes a page.
fn by_name(text: &str, is_xml: bool) -> &'static str {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '-' | '_');
    let name = text.split(|c| !is_name(c)).next().unwrap_or_default();
    let name = name.to_ascii_lowercase();
    if name == "svg" || name.ends_with(":svg") {
        return "image/svg+xml";
    }
    if name == "html" || (!is_xml && HTML.contains(&&*name)) {
        return "text/html";
    }
    "text/xml"
}

/// Elements that an HTML page begins with.
const HTML: [&str; 30] = [
    "html", "head", "body", "script", "iframe", "style", "title", "meta", "link", "base", "h1",
    "h2", "h3", "p", "a", "b", "i", "br", "div", "span", "font", "table", "img", "form", "input",
    "object", "embed", "video", "audio", "template",
];

#[cfg(test)]
mod tests {
    use super::*;

    /// FILE-07: the type is found in the bytes; the declared type does not count.
    #[test]
    fn types_are_found_in_the_bytes() {
        for (head, expected) in [
            (&b"\x89PNG\r\n\x1a\n...."[..], "image/png"),
            (b"\xff\xd8\xff\xe0....", "image/jpeg"),
            (b"GIF89a/*<script>alert(1)</script>*/", "image/gif"),
            (b"%PDF-1.7", "application/pdf"),
            (b"PK\x03\x04....", "application/zip"),
            (b"hello", "text/plain"),
            (b"", "text/plain"),
            ("안녕하세요".as_bytes(), "text/plain"),
            (b"say <b>hello</b>", "text/plain"),
            (b"I <3 you", "text/plain"),
            (b"<3", "text/plain"),
            (b"\0\x01\x02", "application/octet-stream"),
            (b"\xff\xfe<\0h\0t\0m\0l\0>\0", "application/octet-stream"),
            (b"\xed\xa0\x80", "application/octet-stream"),
        ] {
            assert_eq!(sniff(head), expected, "{head:?}");
        }
    }

    /// FILE-07: a page in any disguise is not recognised as plain text.
    #[test]
    fn pages_and_drawings_are_never_plain_text() {
        for (head, expected) in [
            ("<html><body>", "text/html"),
            ("<!DOCTYPE html>", "text/html"),
            ("\u{feff} \r\n\t<ScRiPt>alert(1)", "text/html"),
            ("<!-- x --><!-- y -->\n<iframe src=x>", "text/html"),
            ("\0\0<script>", "text/html"),
            ("<!-- never closed <script>", "text/xml"),
            ("<svg onload=alert(1)>", "image/svg+xml"),
            (
                "<?xml version='1.0'?><!-- c --><svg xmlns='…'>",
                "image/svg+xml",
            ),
            (
                "<!doctype svg PUBLIC '-//W3C//DTD SVG 1.1//EN'>",
                "image/svg+xml",
            ),
            (
                "<s:svg xmlns:s='http://www.w3.org/2000/svg'>",
                "image/svg+xml",
            ),
            ("<?xml version='1.0'?><feed>", "text/xml"),
            ("<?xml-stylesheet href='x'?>", "text/xml"),
            ("<unheard-of>", "text/xml"),
            ("<?xml version='1.0'?><a/>", "text/xml"),
            ("<?xml version='1.0'?><html>", "text/html"),
        ] {
            assert_eq!(sniff(head.as_bytes()), expected, "{head}");
        }
    }

    #[test]
    fn a_text_that_is_cut_inside_a_character_is_a_text() {
        let text = "가".repeat(HEAD);
        for cut in [HEAD, HEAD - 1, HEAD - 2] {
            assert_eq!(sniff(&text.as_bytes()[..cut]), "text/plain", "{cut}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_have_a_type(head: Vec<u8>) {
            assert!(sniff(&head).contains('/'));
        }
    }
}
