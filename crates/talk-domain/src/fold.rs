//! Folding: texts that differ in case, accents or compatibility forms alone are searched as one.

use unicode_normalization::UnicodeNormalization;

/// What is compared: compatibility forms and accents removed, composed again, and taken through
/// both cases, which brings together what one of them alone keeps apart (ß, ẞ and ss, σ and ς).
/// Control characters count as spaces.
#[must_use]
pub fn fold(text: &str) -> String {
    // Most of what is searched through can be folded by the character, which takes less time.
    let alone: Option<String> = text.chars().map(fold_alone).collect();
    alone.unwrap_or_else(|| fold_together(text))
}

/// The one character that becomes of `c` whatever is beside it, for the usual letters of scripts
/// that are much written; `None` for those that may be more, or less, or join another.
const fn fold_alone(c: char) -> Option<char> {
    match c {
        ' '..='~' => Some(c.to_ascii_lowercase()),
        '\0'..='\u{1f}' | '\u{7f}' => Some(' '),
        'й' | 'Й' => Some('и'),
        'ё' | 'Ё' => Some('е'),
        'А'..='Я' => char::from_u32(c as u32 + 0x20),
        'а'..='я'
        | 'א'..='ת'
        | 'ا'..='غ'
        | 'ف'..='ي'
        | 'ก'..='ะ'
        | 'า'
        | 'เ'..='ๆ'
        | 'ぁ'..='ゖ'
        | 'ァ'..='ヺ'
        | 'ー'
        | '一'..='\u{9fff}'
        | '가'..='힣'
        | '\u{1f300}'..='\u{1f6ff}' => Some(c),
        _ => None,
    }
}

fn fold_together(text: &str) -> String {
    let bare = text.nfkd().filter(|c| !is_mark(*c)).nfc();
    bare.map(|c| if c.is_control() { ' ' } else { c })
        .flat_map(char::to_lowercase)
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .collect()
}

/// Accents, the vowel marks of Hebrew and Arabic, which are left out in ordinary writing, and the
/// choice between an emoji's two looks. The marks of other scripts are part of the word.
const fn is_mark(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}'
        | '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}' | '\u{5c2}' | '\u{5c4}' | '\u{5c5}' | '\u{5c7}'
        | '\u{610}'..='\u{61a}' | '\u{64b}'..='\u{65f}' | '\u{670}'
        | '\u{6d6}'..='\u{6dc}' | '\u{6df}'..='\u{6e4}' | '\u{6e7}' | '\u{6e8}' | '\u{6ea}'..='\u{6ed}'
        | '\u{fe0e}' | '\u{fe0f}'
    )
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
            ("ｶﾞ", "ガ"),
            ("Москва", "москва"),
            ("İstanbul", "istanbul"),
            ("Straße", "STRASSE"),
            ("MASSE", "maße"),
            ("STRAẞE", "strasse"),
            ("Οδός", "ΟΔΟΣ"),
            ("ΚΟΣΜΟΣ", "κόσμος"),
            ("مَدْرَسَة", "مدرسة"),
            ("שָׁלוֹם", "שלום"),
            ("❤\u{fe0f}", "❤"),
            ("one\ttwo\u{85}three", "one two three"),
        ] {
            assert_eq!(fold(a), fold(b));
        }
    }

    #[test]
    fn letters_of_their_own_stay_apart() {
        for (a, b) in [
            ("가", "각"),
            ("か", "が"),
            ("น้ำ", "นำ"),
            ("👍", "👍🏽"),
            ("ي", "ب"),
        ] {
            assert_ne!(fold(a), fold(b));
        }
        assert_eq!(fold("한국어"), fold("\u{1112}\u{1161}\u{11ab}국어"));
        assert!(!fold("\u{1100}\u{1161}\u{11a8}").contains(&fold("\u{1100}\u{1161}")));
    }

    #[test]
    fn what_is_folded_alone_is_the_same_together() {
        let alone: String = ('\0'..=char::MAX)
            .filter(|c| fold_alone(*c).is_some())
            .collect();
        assert!(alone.chars().count() > 30_000);
        assert_eq!(fold(&alone), fold_together(&alone));
        // No two of them join, whichever comes first.
        let back: String = alone.chars().rev().collect();
        assert_eq!(fold(&back), fold_together(&back));
        let mut letters: Vec<char> = alone.chars().collect();
        for stride in [2, 7, 28, 588, 10_007] {
            letters.rotate_left(stride);
            let pairs = alone.chars().zip(&letters).flat_map(|(a, b)| [a, *b]);
            let pairs: String = pairs.collect();
            assert_eq!(fold(&pairs), fold_together(&pairs));
        }
    }
}
