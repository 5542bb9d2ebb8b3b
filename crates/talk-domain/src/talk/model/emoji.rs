//! Emoji and their canonical keys: `👍`, `thumbsup` and `+1` are one reaction.

use std::cmp::Ordering;

use crate::kernel::error::Invalid;

/// An emoji as it was sent, with its canonical key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emoji {
    shown: String,
    key: String,
}

impl Emoji {
    /// Parses one emoji grapheme or a short name `[a-z0-9_+-]{1,64}` of at most `limit` bytes.
    ///
    /// A short name of the common (gemoji) table and its emoji have the same key, and so have the
    /// spellings of one emoji with and without variation selectors (U+FE0F). Skin tones are
    /// different emoji. A short name outside the table (a custom emoji) is its own key.
    ///
    /// # Errors
    /// `EMOJI_INVALID` for anything else.
    pub fn parse(raw: &str, limit: usize) -> Result<Self, Invalid> {
        if raw.len() > limit {
            return Err(Invalid {
                limit: Some(limit as u64),
                ..Invalid::new("emoji", "EMOJI_INVALID", format!("at most {limit} bytes"))
            });
        }
        let key = key_of(raw).ok_or_else(|| {
            let rule = "must be one emoji or a short name of a-z, 0-9, _, + and -";
            Invalid::new("emoji", "EMOJI_INVALID", rule)
        })?;
        Ok(Self {
            shown: raw.to_owned(),
            key,
        })
    }

    /// Creates an emoji from stored values.
    #[must_use]
    pub const fn stored(shown: String, key: String) -> Self {
        Self { shown, key }
    }

    /// As sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.shown
    }

    /// Returns the canonical key; keys are compared byte by byte.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
}

/// The variation selector for the coloured form; it does not distinguish emoji.
const SELECTOR: char = '\u{fe0f}';

/// Removes variation selectors. The results of different emoji differ.
fn canonical(emoji: &str) -> String {
    emoji.replace(SELECTOR, "")
}

/// A line for each emoji in its canonical spelling, and one for each short name with its emoji behind a
/// tab, sorted by their bytes. `build.rs` writes it.
const TABLE: &str = include_str!(concat!(env!("OUT_DIR"), "/emoji.txt"));

/// Finds the canonical emoji that `word` is, or is the short name of.
fn find(word: &str) -> Option<&'static str> {
    let mut lines = TABLE;
    while !lines.is_empty() {
        let (half, _) = lines.as_bytes().split_at(lines.len() / 2);
        let end = half.iter().rposition(|byte| *byte == b'\n');
        let start = end.map_or(0, |end| end + 1);
        let (before, from) = lines.split_at(start);
        let (line, after) = from.split_once('\n')?;
        let (found, emoji) = line.split_once('\t').unwrap_or((line, line));
        match word.cmp(found) {
            Ordering::Less => lines = before,
            Ordering::Equal => return Some(emoji),
            Ordering::Greater => lines = after,
        }
    }
    None
}

/// Returns the key of an emoji or short name, if `raw` is one.
fn key_of(raw: &str) -> Option<String> {
    let key = canonical(raw);
    match find(&key) {
        Some(emoji) if emoji == key => is_spelled_well(raw).then_some(key),
        Some(emoji) if raw == key => Some(emoji.to_owned()),
        _ => is_short_name(raw).then(|| format!(":{raw}:")),
    }
}

/// Returns whether each variation selector follows a character that has variants.
fn is_spelled_well(emoji: &str) -> bool {
    let mut before = SELECTOR;
    emoji.chars().all(|c| {
        let is_odd = c == SELECTOR && matches!(before, SELECTOR | '\u{200d}');
        before = c;
        !is_odd
    })
}

fn is_short_name(raw: &str) -> bool {
    (1..=64).contains(&raw.len())
        && raw
            .bytes()
            .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'+' | b'-'))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn key(raw: &str) -> String {
        Emoji::parse(raw, 64).unwrap().key().to_owned()
    }

    #[test]
    fn short_names_and_spellings_of_one_emoji_share_a_key() {
        assert_eq!(key("👍"), key("thumbsup"));
        assert_eq!(key("👍"), key("+1"));
        assert_eq!(key("❤"), key("❤️"));
        assert_eq!(key("❤️"), key("heart"));
    }

    #[test]
    fn every_short_name_has_the_key_of_its_emoji() {
        for emoji in emojis::iter() {
            for name in emoji.shortcodes() {
                assert_eq!(key(name), canonical(emoji.as_str()), "{name}");
            }
        }
    }

    #[test]
    fn different_emoji_have_different_keys() {
        assert_ne!(key("👍"), key("🎉"));
        assert_ne!(key("👍"), key("👍🏽"));
        assert_ne!(key("👍🏽"), key("👍🏿"));
        assert_ne!(key("shipit2"), key("shipit"));
        assert_ne!(key("1️⃣"), key("2️⃣"));
    }

    /// Case 72: Unicode's list of emoji has these spellings: fully qualified, with every variation
    /// selector; unqualified and minimally qualified, without some or all of them.
    #[test]
    fn all_spellings_of_an_emoji_share_a_key_and_no_two_emoji_do() {
        let toned = emojis::iter()
            .filter_map(emojis::Emoji::skin_tones)
            .flatten();
        let all = emojis::iter().chain(toned).map(emojis::Emoji::as_str);
        let all: HashSet<&str> = all.collect();
        assert!(all.len() > 3_900, "{} with all skin tones", all.len());
        let mut owners = std::collections::HashMap::new();
        for emoji in all {
            for spelling in spellings(emoji) {
                let parsed = Emoji::parse(&spelling, 64).unwrap();
                assert_eq!(parsed.as_str(), spelling);
                let owner = owners.entry(parsed.key().to_owned()).or_insert(emoji);
                assert_eq!(*owner, emoji, "{spelling:?}");
            }
            assert_eq!(owners.get(&key(emoji)), Some(&emoji));
        }
    }

    /// `emoji` with each choice of its variation selectors.
    fn spellings(emoji: &str) -> Vec<String> {
        let mut spellings = vec![String::new()];
        for c in emoji.chars() {
            let without = if c == SELECTOR {
                spellings.clone()
            } else {
                vec![]
            };
            for spelling in &mut spellings {
                spelling.push(c);
            }
            spellings.extend(without);
        }
        spellings
    }

    /// Case 72.
    #[test]
    fn couples_without_selectors_keep_their_skin_tones() {
        let couple = |tone| format!("👨{tone}\u{200d}❤\u{200d}👨{tone}");
        for tone in ["🏻", "🏼", "🏽", "🏾", "🏿"] {
            let qualified = couple(tone).replace('❤', "❤\u{fe0f}");
            assert_eq!(key(&couple(tone)), key(&qualified));
        }
        assert_ne!(key(&couple("🏿")), key(&couple("🏾")));
    }

    #[test]
    fn components_are_emoji_and_selectors_stand_behind_something() {
        for tone in ["🏻", "🏼", "🏽", "🏾", "🏿", "🦰", "🦱", "🦲", "🦳"] {
            assert_eq!(key(tone), tone);
        }
        assert_eq!(key("👍\u{fe0f}"), key("👍"));
        for raw in [
            "\u{fe0f}",
            "\u{fe0f}👍",
            "thumbs\u{fe0f}up",
            "👍\u{fe0f}\u{fe0f}",
            "👨\u{200d}\u{fe0f}❤\u{200d}👨",
        ] {
            assert!(Emoji::parse(raw, 64).is_err(), "{raw:?}");
        }
    }

    #[test]
    fn an_emoji_is_echoed_as_sent() {
        assert_eq!(Emoji::parse("+1", 64).unwrap().as_str(), "+1");
    }

    #[test]
    fn words_several_emoji_and_nothing_are_no_emoji() {
        for raw in [
            "",
            "👍👍",
            "hello world",
            "👍 ",
            "Thumbsup",
            "a\0",
            "é",
            ":tada:",
        ] {
            assert_eq!(
                Emoji::parse(raw, 64).unwrap_err().reason,
                "EMOJI_INVALID",
                "{raw:?}"
            );
        }
        assert_eq!(
            Emoji::parse(&"a".repeat(65), 64).unwrap_err().limit,
            Some(64)
        );
    }

    #[test]
    fn families_flags_and_keycaps_are_one_emoji() {
        for raw in ["👨‍👩‍👧‍👦", "🇰🇷", "1️⃣", "🏳️‍🌈", "✅", "👀"]
        {
            assert!(Emoji::parse(raw, 64).is_ok(), "{raw}");
        }
    }

    /// API-18: a limit is still allowed.
    #[test]
    fn an_emoji_has_as_many_bytes_as_the_limit_at_most() {
        assert!(Emoji::parse("a+b", 3).is_ok());
        assert_eq!(Emoji::parse("a+bc", 3).unwrap_err().limit, Some(3));
    }
}
