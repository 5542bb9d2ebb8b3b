//! Folding: texts that differ in case, accents, compatibility forms or characters nobody sees alone
//! are searched as one.

use unicode_normalization::UnicodeNormalization;

/// What is compared: compatibility forms and accents removed, composed again, and taken through
/// both cases, which brings together what one of them alone keeps apart (ß, ẞ and ss, σ and ς).
/// Control characters count as spaces, characters nobody sees not at all.
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
    let seen = |c: &char| !is_mark(*c) && !is_unseen(*c);
    let bare = text.nfkd().filter(seen).nfc();
    let cased = bare
        .map(|c| if c.is_control() { ' ' } else { c })
        .flat_map(char::to_lowercase)
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase);
    let mut folded = String::with_capacity(text.len());
    for c in cased {
        match typed(c) {
            Some(letters) => folded.push_str(letters),
            None => folded.push(c),
        }
    }
    folded
}

/// What people type for a letter whose stroke is no accent to Unicode, or that joins two: those
/// that the Unicode collation takes for the same but for an accent, and ŧ and þ. A letter that
/// stands for another sound to it (ŋ, ə) is a letter of its own here too.
const fn typed(c: char) -> Option<&'static str> {
    Some(match c {
        'đ' | 'ð' => "d",
        'ħ' => "h",
        'ł' => "l",
        'ø' => "o",
        'ŧ' => "t",
        'æ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        'ґ' => "г",
        _ => return None,
    })
}

/// Characters that only say where a line may break, how letters join or which way they run.
const fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
    )
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
    fn letters_with_a_stroke_and_joined_letters_are_those_they_come_from() {
        for (written, typed) in [
            ("Đà Nẵng", "da nang"),
            ("Łódź", "lodz"),
            ("Ørsted", "orsted"),
            ("Ǿ", "o"),
            ("Ħamrun", "hamrun"),
            ("Ŧ", "t"),
            ("ÆSIR ǽ", "aesir ae"),
            ("Œuvre", "oeuvre"),
            ("Ðorn", "dorn"),
            ("Þór", "thor"),
            ("Diyarbakır", "diyarbakir"),
            ("Ґанок", "ганок"),
        ] {
            assert_eq!(fold(written), typed);
            assert_eq!(fold(&written.to_uppercase()), typed);
        }
    }

    #[test]
    fn what_nobody_sees_does_not_count() {
        for unseen in [
            '\u{ad}', '\u{61c}', '\u{200b}', '\u{200c}', '\u{200d}', '\u{200e}', '\u{202b}',
            '\u{2060}', '\u{2068}', '\u{feff}',
        ] {
            assert_eq!(fold(&format!("multi{unseen}zero")), "multizero");
            assert_eq!(fold(&format!("é{unseen}")), "e");
        }
        assert_eq!(fold("می\u{200c}روم"), fold("میروم"));
        assert!(fold("the 👨\u{200d}👩\u{200d}👧").contains(&fold("👨\u{200d}👩\u{200d}👧")));
    }

    #[test]
    fn a_letter_of_its_own_in_every_language_stays_one() {
        for (a, b) in [("ŋ", "n"), ("ə", "e"), ("ŋ", "ng")] {
            assert_ne!(fold(a), fold(b));
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
