//! Finds possible mentions in a text, without looking agents up.

use std::collections::BTreeSet;
use std::iter::Peekable;
use std::ops::Range;
use std::vec::IntoIter;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::code::code_in;
use super::{NAMES_AT_A_PLACE, PLACES};
use crate::kernel::id::AgentId;
use crate::kernel::username_key::{key_characters, key_of_folded};

/// Characters examined after an `@`: a username has up to 255.
const LONGEST: usize = 255;

/// The keys ([`username_key`](crate::kernel::username_key::username_key)) of the usernames that an `@` in a text
/// may refer to, the shortest name first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names(Vec<String>);

impl Names {
    /// Returns the keys, that of the shortest name first.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Returns the agents with the longest of these names that exists.
    pub(crate) fn longest_of(&self, found: &[(String, AgentId)]) -> BTreeSet<AgentId> {
        let with = |key: &String| -> BTreeSet<AgentId> {
            let having = found.iter().filter(|(of, _)| of == key);
            having.map(|(_, agent)| *agent).collect()
        };
        let mut longest_first = self.0.iter().rev().map(with);
        longest_first
            .find(|agents| !agents.is_empty())
            .unwrap_or_default()
    }
}

/// Finds the first [`PLACES`] possible mentions in `text`: an `@` (also U+FF20 and U+FE6B) that
/// follows no word, with a name behind it, and that is not part of code, of a URL or of a mail
/// address. Takes linear time.
#[must_use]
pub fn names_in(text: &str) -> Vec<Names> {
    let mut places = Vec::new();
    if !text.contains(is_sign) {
        return places;
    }
    let mut code = code_in(text).into_iter().peekable();
    let mut before = Before::default();
    for (at, c) in text.char_indices() {
        if is_inside(&mut code, at) {
            before = Before::default();
            continue;
        }
        if is_sign(c) && before.allows_mention() {
            let tail = text.get(at + c.len_utf8()..).unwrap_or_default();
            let until_code = code.peek().map_or(text.len(), |range| range.start);
            let tail = tail.get(..until_code - at - c.len_utf8()).unwrap_or(tail);
            if let Some(names) = names_at_start(tail) {
                places.push(names);
                if places.len() == PLACES {
                    break;
                }
            }
        }
        before.pass(c);
    }
    places
}

const fn is_sign(c: char) -> bool {
    matches!(c, '@' | '\u{ff20}' | '\u{fe6b}')
}

/// Returns whether `at` is inside the next range. Drops ranges that end before it.
fn is_inside(ranges: &mut Peekable<IntoIter<Range<usize>>>, at: usize) -> bool {
    while ranges.next_if(|range| range.end <= at).is_some() {}
    ranges.peek().is_some_and(|range| range.contains(&at))
}

/// The state of the scan before a character.
#[derive(Default)]
struct Before {
    /// The last character that is not an underscore, inside the same word.
    last: Option<char>,
    /// Whether a word character and a dot precede: possibly a host name.
    dot: bool,
    /// Whether words joined by dots precede: possibly a host name.
    has_host: bool,
    /// Whether a slash after a host name or scheme precedes: a URL.
    is_url: bool,
}

impl Before {
    fn allows_mention(&self) -> bool {
        match self.last {
            _ if self.is_url => false,
            Some(c) => !is_spaced_word(c),
            None => true,
        }
    }

    fn pass(&mut self, c: char) {
        if ends_url(c) {
            *self = Self::default();
            return;
        }
        // Underscores mark emphasis in Markdown, and are also part of words.
        if c == '_' {
            return;
        }
        let is_scheme = c == '/' && self.last == Some(':');
        self.is_url |= (c == '/' && self.has_host) || is_scheme;
        if is_word(c) {
            self.has_host |= self.dot;
            self.dot = false;
        } else {
            self.has_host &= matches!(c, '.' | '-' | ':');
            self.dot = c == '.' && self.last.is_some_and(is_word);
        }
        self.last = Some(c);
    }
}

/// Returns whether a URL ends before `c`.
fn ends_url(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '<' | '>' | '"' | '(' | '[' | '{' | '\u{3000}'..='\u{303f}'
            | '\u{ff01}'..='\u{ff0c}' | '\u{ff1a}'..='\u{ff1f}')
}

/// Returns the names that `tail` may begin with, if any.
fn names_at_start(tail: &str) -> Option<Names> {
    let tail: Vec<char> = tail
        .chars()
        .take_while(|c| !c.is_whitespace() && !c.is_control())
        .take(LONGEST + 1)
        .nfkc()
        .take_while(|c| !c.is_whitespace())
        .take(LONGEST + 1)
        .collect();
    let mut ends = ends(&tail);
    if ends.len() > NAMES_AT_A_PLACE {
        let last = ends.pop();
        ends.truncate(NAMES_AT_A_PLACE - 1);
        ends.extend(last);
    }
    let mut keys = Vec::with_capacity(ends.len());
    let (mut folded, mut start) = (String::new(), 0);
    for end in ends {
        for c in tail.get(start..end).unwrap_or_default() {
            folded.extend(key_characters(*c));
        }
        keys.push(key_of_folded(&folded));
        start = end;
    }
    (!keys.is_empty()).then_some(Names(keys))
}

/// Returns the lengths of the names that `tail` may begin with, rising.
fn ends(tail: &[char]) -> Vec<usize> {
    let mut ends = Vec::new();
    // The character after trailing underscores, scanned from the end: `@bob_` ends the name,
    // `@bob_1` does not.
    let mut behind: Option<char> = None;
    let mut next: Option<char> = None;
    let is_cut = tail.len() > LONGEST;
    for (index, c) in tail.iter().copied().enumerate().rev() {
        let is_end = match next {
            None => !is_cut,
            Some('_') => !behind.is_some_and(is_spaced_word),
            // `@ann.` ends a sentence; `@ann.lee` and `@ann-lee` are other names.
            Some('.' | '-' | '@') => !tail.get(index + 2).copied().is_some_and(is_spaced_word),
            Some(next) if is_combining_mark(next) => false,
            Some(next) if is_word(next) => is_unspaced(next) || is_unspaced(c),
            Some(_) => true,
        };
        if is_end {
            ends.push(index + 1);
        }
        if c != '_' {
            behind = Some(c);
        }
        next = Some(c);
    }
    ends.reverse();
    ends
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || is_combining_mark(c)
}

/// Returns whether `c` belongs to a script whose words are separated by spaces.
fn is_spaced_word(c: char) -> bool {
    is_word(c) && !is_unspaced(c)
}

/// Returns whether `c` is of a script in which words or endings follow a name without a space.
const fn is_unspaced(c: char) -> bool {
    matches!(c,
        // Thai, Lao, Tibetan, Myanmar, Khmer, Tai Le, New Tai Lue, Tai Tham, Balinese, Javanese.
        '\u{e00}'..='\u{fff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
        | '\u{1950}'..='\u{19ff}' | '\u{1a20}'..='\u{1aaf}' | '\u{1b00}'..='\u{1b7f}'
        | '\u{a980}'..='\u{a9ff}' | '\u{aa60}'..='\u{aadf}'
        // Hangul letters and syllables.
        | '\u{1100}'..='\u{11ff}' | '\u{3130}'..='\u{318f}' | '\u{a960}'..='\u{a97f}'
        | '\u{ac00}'..='\u{d7ff}'
        // Kana, Bopomofo, Han, Yi.
        | '\u{2e80}'..='\u{2fdf}' | '\u{3005}'..='\u{3007}' | '\u{3021}'..='\u{302f}'
        | '\u{3031}'..='\u{312f}' | '\u{31a0}'..='\u{31bf}' | '\u{31f0}'..='\u{31ff}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{a4cf}' | '\u{f900}'..='\u{faff}'
        | '\u{ff66}'..='\u{ff9f}' | '\u{1b000}'..='\u{1b16f}' | '\u{20000}'..='\u{3ffff}'
    )
}
