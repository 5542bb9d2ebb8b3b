//! Display names: removes invisible characters, with which a name could look like another.

use unicode_properties::{GeneralCategory, UnicodeEmoji, UnicodeGeneralCategory};

/// Removes format characters from a name, except joiners inside emoji and in scripts that need
/// them.
#[must_use]
pub fn without_format_characters(name: &str) -> String {
    let mut kept = String::with_capacity(name.len());
    let mut previous = None;
    let mut rest = name.chars().peekable();
    while let Some(c) = rest.next() {
        let is_format = c.general_category() == GeneralCategory::Format;
        if !is_format || is_needed(previous, c, rest.peek().copied()) {
            kept.push(c);
            previous = Some(c);
        }
    }
    kept
}

/// Returns whether a format character between these neighbours must be kept.
fn is_needed(previous: Option<char>, c: char, next: Option<char>) -> bool {
    let Some(previous) = previous else {
        return is_seen(c);
    };
    match c {
        '\u{200d}' => {
            uses_joiners(previous) || (ends_emoji(previous) && next.is_some_and(is_emoji))
        }
        '\u{200c}' => uses_joiners(previous),
        // Tag letters in the flag of a region.
        '\u{e0020}'..='\u{e007f}' => {
            matches!(previous, '\u{1f3f4}' | '\u{e0020}'..='\u{e007e}')
        }
        _ => is_seen(c),
    }
}

/// Returns whether a format character is visible: signs around numbers.
const fn is_seen(c: char) -> bool {
    matches!(
        c,
        '\u{600}'
            ..='\u{605}'
                | '\u{6dd}'
                | '\u{70f}'
                | '\u{890}'
                | '\u{891}'
                | '\u{8e2}'
                | '\u{110bd}'
                | '\u{110cd}'
    )
}

fn is_emoji(c: char) -> bool {
    !c.is_ascii() && c.is_emoji_char()
}

fn ends_emoji(c: char) -> bool {
    c == '\u{fe0f}' || is_emoji(c)
}

/// Returns whether `c` is of a script in which joiners choose the form of a letter: Arabic, Indic,
/// Burmese, Khmer, Mongolian and related ones.
const fn uses_joiners(c: char) -> bool {
    matches!(c,
        '\u{606}'..='\u{dff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{18af}'
        | '\u{a840}'..='\u{a87f}' | '\u{a8e0}'..='\u{a8ff}' | '\u{fb50}'..='\u{fdff}'
        | '\u{fe70}'..='\u{fefc}' | '\u{11000}'..='\u{11fff}' | '\u{1e900}'..='\u{1e95f}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Case 57.
    #[test]
    fn what_nobody_sees_is_taken_out_of_a_name() {
        for (given, kept) in [
            ("car\u{200b}ol", "carol"),
            ("\u{202e}lorac\u{202c}", "lorac"),
            ("\u{feff}Carol\u{ad}", "Carol"),
            ("Ca\u{200d}rol\u{200c}", "Carol"),
            ("1\u{200d}2", "12"),
            ("\u{e0041}Carol\u{e0041}", "Carol"),
            ("नि\u{200d}\u{200d}", "नि\u{200d}"),
            ("👩\u{200d}", "👩"),
            ("\u{200d}👩", "👩"),
            ("a\u{200d}👩", "a👩"),
        ] {
            assert_eq!(without_format_characters(given), kept);
        }
    }

    /// Case 57.
    #[test]
    fn joiners_stay_in_emoji_and_in_scripts_that_need_them() {
        for name in [
            "Carol",
            "👩\u{200d}🚀",
            "👩🏽\u{200d}⚕\u{fe0f}",
            "❤\u{fe0f}\u{200d}🔥",
            "👨\u{200d}👩\u{200d}👧",
            "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
            "می\u{200c}خواهم",
            "क्\u{200d}ष",
            "ന്\u{200d}",
            "\u{600}١٢",
        ] {
            assert_eq!(without_format_characters(name), name);
        }
    }
}
