//! Folding of texts for searches: texts that differ only in case, accents, compatibility forms,
//! white space, the shape of quotation marks and dashes, or invisible characters have the same
//! folded form.

use unicode_normalization::UnicodeNormalization;

/// Returns the folded form of `text`: compatibility forms and accents are removed, the rest is
/// composed again and converted to lower, upper and lower case, so that letters become equal which
/// a single conversion keeps apart (ß, ẞ and ss; σ and ς). Control characters become spaces, a run
/// of spaces becomes one space, and invisible characters are removed.
///
/// Folded texts in a store must be rewritten when this function changes.
#[must_use]
pub fn fold(text: &str) -> String {
    // Most characters are folded independently of their neighbours, which takes less time.
    let alone: Option<String> = text.chars().map(fold_alone).collect();
    let mut folded = alone.unwrap_or_else(|| fold_together(text));
    if folded.contains("  ") {
        let mut is_space = false;
        folded.retain(|c| !std::mem::replace(&mut is_space, c == ' ') || c != ' ');
    }
    folded
}

/// Returns the form of a search text: folded and trimmed.
#[must_use]
pub fn fold_needle(needle: &str) -> String {
    fold(needle).trim_matches(' ').to_owned()
}

/// Returns the one character that `c` folds to in any context, for the usual letters of the most
/// used scripts; `None` for characters that may become several or none, or combine with another.
const fn fold_alone(c: char) -> Option<char> {
    match c {
        '`' => Some('\''),
        ' '..='~' => Some(c.to_ascii_lowercase()),
        '\0'..='\u{1f}' | '\u{7f}' => Some(' '),
        'й' | 'Й' => Some('и'),
        'ё' | 'Ё' => Some('е'),
        'А'..='Я' => char::from_u32(c as u32 + 0x20),
        'ى' => Some('ي'),
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
    // The compatibility form of an acute accent is a space with an accent.
    let written = text.chars().map(|c| if c == '´' { '\'' } else { c });
    let bare = written.nfkd().filter(seen).nfc();
    let cased = bare
        .map(|c| {
            if c.is_control() || c.is_whitespace() {
                ' '
            } else {
                c
            }
        })
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

/// Returns the usual form of a character that keyboards or languages write in several ways:
/// quotation marks, dashes, digits, letters that Persian and Urdu write differently from Arabic,
/// letters with a stroke that Unicode does not treat as an accent, and ligatures of two letters. Of
/// the letters, it maps those that the Unicode collation distinguishes only like an accent, and ŧ
/// and þ. Letters that are separate in the Unicode collation, such as ŋ and ə, are not mapped.
const fn typed(c: char) -> Option<&'static str> {
    Some(match c {
        '`' | '‘' | '’' | '‚' | '‛' | '′' | '‵' | '‹' | '›' | 'ʹ' | 'ʻ' | 'ʼ' | 'ʽ' | '׳' => {
            "'"
        }
        '“' | '”' | '„' | '‟' | '«' | '»' | '״' => "\"",
        '‐' | '‒' | '–' | '—' | '―' | '−' => "-",
        'ک' | 'ڪ' => "ك",
        'ی' | 'ى' => "ي",
        'ہ' => "ه",
        '٠' | '۰' => "0",
        '١' | '۱' => "1",
        '٢' | '۲' => "2",
        '٣' | '۳' => "3",
        '٤' | '۴' => "4",
        '٥' | '۵' => "5",
        '٦' | '۶' => "6",
        '٧' | '۷' => "7",
        '٨' | '۸' => "8",
        '٩' | '۹' => "9",
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

/// Returns whether `c` only controls line breaks, joining, direction or appearance: the default
/// ignorable characters of Unicode but for the tags inside flags, and the tatweel that stretches
/// Arabic words.
const fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{640}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e001f}' | '\u{e0080}'..='\u{e0fff}'
    )
}

/// Returns whether `c` is an accent, a vowel mark of Hebrew or Arabic, which ordinary writing
/// omits, or a nukta, the dot of Indian scripts that the Unicode collation treats as an accent.
/// Other marks belong to the word.
const fn is_mark(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}'
        | '\u{93c}' | '\u{9bc}' | '\u{a3c}' | '\u{abc}' | '\u{b3c}' | '\u{c3c}' | '\u{cbc}'
        | '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}' | '\u{5c2}' | '\u{5c4}' | '\u{5c5}' | '\u{5c7}'
        | '\u{610}'..='\u{61a}' | '\u{64b}'..='\u{65f}' | '\u{670}'
        | '\u{6d6}'..='\u{6dc}' | '\u{6df}'..='\u{6e4}' | '\u{6e7}' | '\u{6e8}' | '\u{6ea}'..='\u{6ed}'
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
            ("one \r\n\u{3000}two\u{2028}three", "one two three"),
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

    /// Case 76.
    #[test]
    fn variants_by_keyboard_and_language_are_one_form() {
        for (a, b) in [
            ("don’t", "don't"),
            ("don‘t", "DON'T"),
            ("don´t", "don't"),
            ("don`t", "don't"),
            ("l＇été", "l’ete"),
            ("Hawaiʻi", "hawai'i"),
            ("“so”, „so“ and «so»", "\"so\", \"so\" and \"so\""),
            ("1914–1918 — well‑known", "1914-1918 - well-known"),
            ("محـــمد", "محمد"),
            ("کتاب", "كتاب"),
            ("یاسین", "ياسين"),
            ("على", "علي"),
            ("موسیٰ", "موسى"),
            ("ہفتہ", "هفته"),
            ("۱۴۰۳ ٢٠٢٦", "1403 2026"),
            ("क़िला ज़मीन फ़िल्म", "किला जमीन फिल्म"),
            ("\u{958}", "क"),
            ("ਸ਼ੇਰ", "ਸੇਰ"),
        ] {
            assert_eq!(fold(a), fold(b), "{a} {b}");
        }
    }

    /// Case 76.
    #[test]
    fn white_space_around_a_search_text_does_not_count() {
        for needle in ["word ", " word", "\tword\u{a0}\n", "\u{ad} word \u{200b}"] {
            assert_eq!(fold_needle(needle), "word");
        }
        assert_eq!(fold_needle("two  words "), "two words");
        assert_eq!(fold_needle(" \n "), "");
    }

    #[test]
    fn invisible_characters_do_not_count() {
        for unseen in [
            '\u{34f}',
            '\u{180b}',
            '\u{206f}',
            '\u{3164}',
            '\u{fe00}',
            '\u{fff9}',
            '\u{e0100}',
            '\u{640}',
            '\u{ad}',
            '\u{61c}',
            '\u{200b}',
            '\u{200c}',
            '\u{200d}',
            '\u{200e}',
            '\u{202b}',
            '\u{2060}',
            '\u{2068}',
            '\u{feff}',
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
            ("ه", "ة"),
            (
                "🏴\u{e0067}\u{e0062}\u{e007f}",
                "🏴\u{e0067}\u{e0063}\u{e007f}",
            ),
        ] {
            assert_ne!(fold(a), fold(b));
        }
        assert_eq!(fold("한국어"), fold("\u{1112}\u{1161}\u{11ab}국어"));
        assert!(!fold("\u{1100}\u{1161}\u{11a8}").contains(&fold("\u{1100}\u{1161}")));
    }

    #[test]
    fn the_fast_path_folds_each_character_like_the_slow_path() {
        let each = |text: &str| text.chars().map(fold_alone).collect::<Option<String>>();
        let alone: String = ('\0'..=char::MAX)
            .filter(|c| fold_alone(*c).is_some())
            .collect();
        assert!(alone.chars().count() > 30_000);
        assert_eq!(each(&alone), Some(fold_together(&alone)));
        // No two of them join, whichever comes first.
        let back: String = alone.chars().rev().collect();
        assert_eq!(each(&back), Some(fold_together(&back)));
        let mut letters: Vec<char> = alone.chars().collect();
        for stride in [2, 7, 28, 588, 10_007] {
            letters.rotate_left(stride);
            let pairs = alone.chars().zip(&letters).flat_map(|(a, b)| [a, *b]);
            let pairs: String = pairs.collect();
            assert_eq!(each(&pairs), Some(fold_together(&pairs)));
        }
    }

    /// Most texts consist of these letters and must take the fast path.
    #[test]
    fn the_usual_letters_of_the_most_written_scripts_are_folded_alone() {
        for (text, folded) in [
            ("Az 09 ~ `", "az 09 ~ '"),
            ("\t\n\u{7f}", "   "),
            ("йЙ ёЁ", "ии ее"),
            ("АЯаяЖ", "аяаяж"),
            ("ىي", "يي"),
            (
                "את غفي กะา เๆ ぁゖァヺー 一가힣🌀",
                "את غفي กะา เๆ ぁゖァヺー 一가힣🌀",
            ),
        ] {
            let alone: Option<String> = text.chars().map(fold_alone).collect();
            assert_eq!(alone.as_deref(), Some(folded));
        }
    }

    /// Case 76.
    #[test]
    fn digits_of_arabic_scripts_are_digits() {
        for digits in ["٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹"] {
            assert_eq!(fold(digits), "0123456789");
        }
    }
}
