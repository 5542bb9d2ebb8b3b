//! Emoji and their canonical keys: `👍`, `thumbsup` and `+1` are one reaction.

use crate::error::Invalid;

/// An emoji as it was sent, with the key it counts as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emoji {
    shown: String,
    key: String,
}

impl Emoji {
    /// Parses one emoji grapheme or a short name `[a-z0-9_+-]{1,64}` of at most `limit` bytes.
    ///
    /// A short name of the common (gemoji) table and its emoji have the same key, and so have the
    /// spellings with and without variation selector. Skin tones are different emoji. A short
    /// name outside the table (a custom emoji) is its own key.
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
        let known = emojis::get(raw).or_else(|| emojis::get_by_shortcode(raw));
        let key = match known {
            Some(emoji) => canonical(emoji.as_str()),
            None if is_short_name(raw) => format!(":{raw}:"),
            None => {
                return Err(Invalid::new(
                    "emoji",
                    "EMOJI_INVALID",
                    "must be one emoji or a short name of a-z, 0-9, _, + and -",
                ));
            }
        };
        Ok(Self {
            shown: raw.to_owned(),
            key,
        })
    }

    /// An emoji as it was stored.
    #[must_use]
    pub const fn stored(shown: String, key: String) -> Self {
        Self { shown, key }
    }

    /// As sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.shown
    }

    /// What it counts as; compare keys byte by byte.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
}

/// Variation selectors say how to draw an emoji, not which it is.
fn canonical(emoji: &str) -> String {
    emoji.replace('\u{fe0f}', "")
}

fn is_short_name(raw: &str) -> bool {
    (1..=64).contains(&raw.len())
        && raw
            .bytes()
            .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'+' | b'-'))
}

#[cfg(test)]
mod tests {
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
    fn different_emoji_have_different_keys() {
        assert_ne!(key("👍"), key("🎉"));
        assert_ne!(key("👍"), key("👍🏽"));
        assert_ne!(key("👍🏽"), key("👍🏿"));
        assert_ne!(key("shipit2"), key("shipit"));
        assert_ne!(key("1️⃣"), key("2️⃣"));
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
}
