//! Detects texts without visible characters, which count as empty.

/// Returns whether `text` has no visible character: it is empty, or has only white space, control
/// and format characters, and characters without a glyph.
///
/// Joiners and other invisible characters beside visible ones are part of the text and stay in it.
#[must_use]
pub fn is_blank(text: &str) -> bool {
    text.chars().all(is_invisible)
}

/// Returns whether `c` is invisible by itself: white space, control characters, Unicode's
/// `Default_Ignorable_Code_Point`, the format characters without a glyph, and the letters and
/// symbols whose glyph is empty. Format characters with a glyph of their own, such as the Arabic
/// number sign, are visible.
fn is_invisible(c: char) -> bool {
    if c.is_whitespace() || c.is_control() {
        return true;
    }
    matches!(c,
        '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        // Hangul fillers.
        | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}'
        // Khmer inherent vowels.
        | '\u{17b4}' | '\u{17b5}'
        // Mongolian variation selectors and vowel separator.
        | '\u{180b}'..='\u{180f}'
        // Zero width space and joiners, directions, word joiner, invisible operators.
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        // The empty Braille pattern.
        | '\u{2800}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{fff0}'..='\u{fffb}'
        // Egyptian and shorthand format controls, a musical symbol without a glyph and the
        // musical format controls, the Khitan filler.
        | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d159}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{16fe4}'
        // Tags and supplementary variation selectors.
        | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Case 77.
    #[test]
    fn invisible_characters_are_no_text() {
        for c in [
            '\u{200b}',
            '\u{2800}',
            '\u{3164}',
            '\u{115f}',
            '\u{1160}',
            '\u{ffa0}',
            '\u{ad}',
            '\u{34f}',
            '\u{200d}',
            '\u{200e}',
            '\u{202e}',
            '\u{2060}',
            '\u{2066}',
            '\u{feff}',
            '\u{fe0f}',
            '\u{180e}',
            '\u{17b4}',
            '\u{e0020}',
            '\u{e0100}',
            '\u{1d159}',
            '\u{fffb}',
            '\u{7}',
            '\u{7f}',
            '\u{85}',
            ' ',
            '\t',
            '\n',
            '\u{a0}',
            '\u{3000}',
            '\u{2028}',
            '\u{1680}',
        ] {
            assert!(is_blank(&c.to_string()), "{c:?}");
            assert!(is_blank(&format!(" {c}{c}\n")), "{c:?}");
            assert!(!is_blank(&format!("{c}x")), "{c:?}");
        }
        assert!(is_blank(""));
    }

    /// Case 77.
    #[test]
    fn a_text_with_a_visible_character_is_not_blank() {
        for text in [
            "x",
            ".",
            "❤\u{fe0f}",
            "می\u{200c}روم",
            "👨\u{200d}👩\u{200d}👧",
            "क्\u{200d}ष",
            "🏴\u{e0067}\u{e0062}\u{e007f}",
            "\u{600}",
            "\u{e000}",
            "\u{301}",
            "⠁",
            "ᄀ",
        ] {
            assert!(!is_blank(text), "{text:?}");
        }
    }
}
