//! The terms by which messages are found.
//!
//! A term is a hash, so that any character can be part of one and other customers' messages have
//! other terms. A hash collision costs one more comparison, since the text of every message found
//! is compared.

use talk_domain::kernel::fold::fold;
use talk_domain::kernel::needle::Needle;

/// The version of the terms and of what is stored folded. Must be incremented when terms or
/// [folding](fold) change; the index and the texts of channels are then rebuilt.
pub(crate) const VERSION: &str = "3";

/// Terms added or removed at once; part of the [version](VERSION).
pub(crate) const PART: usize = 2_000;
/// Maximum of terms of a needle that are looked up; the comparison checks the rest of a long one.
const TERMS_OF_NEEDLE: usize = 12;
/// Maximum of chats named in a query; an agent of more chats searches without naming them.
const CHATS_IN_QUERY: usize = 256;

/// Kinds of terms.
#[derive(Clone, Copy)]
enum Kind {
    Chat = 1,
    Author = 2,
    Characters = 3,
}

/// The terms of one customer.
pub(crate) struct Terms {
    seed: u64,
}

impl Terms {
    /// Creates the terms of `customer`.
    pub(crate) fn of(customer: &[u8]) -> Self {
        Self {
            seed: hash(0xcbf2_9ce4_8422_2325, customer),
        }
    }

    /// Returns all terms of a message, each once, in parts; an ordinary message has one. Parts must
    /// be removed as they were added, since the index counts them.
    pub(crate) fn of_message(
        &self,
        chat: &[u8],
        author: &[u8],
        text: &str,
    ) -> (String, Vec<String>) {
        let characters: Vec<char> = fold(text).chars().collect();
        let mut terms = vec![self.term(Kind::Chat, chat), self.term(Kind::Author, author)];
        for length in 1..=3 {
            terms.extend(characters.windows(length).map(|run| self.run(run)));
        }
        terms.sort_unstable();
        terms.dedup();
        let (first, rest) = terms.split_at(terms.len().min(PART));
        let rest = rest.chunks(PART).map(|part| joined(part, " "));
        (joined(first, " "), rest.collect())
    }

    /// Builds the query for messages that may contain the needle, of one of `chats` if there are
    /// any, and by `author`.
    pub(crate) fn query(
        &self,
        needle: &Needle,
        chats: &[Vec<u8>],
        author: Option<&[u8]>,
    ) -> String {
        let characters: Vec<char> = needle.as_str().chars().collect();
        let runs: Vec<&[char]> = characters.windows(characters.len().clamp(1, 3)).collect();
        let step = runs.len().div_ceil(TERMS_OF_NEEDLE).max(1);
        let mut terms: Vec<u64> = runs.iter().step_by(step).map(|run| self.run(run)).collect();
        terms.extend(author.map(|author| self.term(Kind::Author, author)));
        let mut query = joined(&terms, " AND ");
        if (1..=CHATS_IN_QUERY).contains(&chats.len()) {
            let chats: Vec<u64> = chats
                .iter()
                .map(|chat| self.term(Kind::Chat, chat))
                .collect();
            query = format!("{query} AND ({})", joined(&chats, " OR "));
        }
        query
    }

    fn run(&self, characters: &[char]) -> u64 {
        let start = hash(self.seed, &[Kind::Characters as u8]);
        characters
            .iter()
            .fold(start, |state, c| hash(state, &u32::from(*c).to_le_bytes()))
    }

    fn term(&self, kind: Kind, id: &[u8]) -> u64 {
        hash(hash(self.seed, &[kind as u8]), id)
    }
}

/// FNV-1a: the same on every machine and in every version.
fn hash(state: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(state, |state, byte| {
        (state ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Formats each term as ten letters and digits, which hold its upper 50 bits.
fn joined(terms: &[u64], separator: &str) -> String {
    const DIGITS: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";
    let mut text = String::with_capacity(terms.len() * (10 + separator.len()));
    for (n, term) in terms.iter().enumerate() {
        if n > 0 {
            text.push_str(separator);
        }
        for place in 0..10 {
            let digit = (term >> (59 - 5 * place)) & 31;
            let digit = usize::try_from(digit)
                .ok()
                .and_then(|digit| DIGITS.get(digit));
            text.extend(digit.map(|digit| char::from(*digit)));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needle(text: &str) -> Needle {
        Needle::parse("q", text).unwrap()
    }

    #[test]
    fn a_message_has_every_term_its_parts_are_searched_by() {
        let terms = Terms::of(b"C");
        let text = "Größe 회의록 明日の会議 👍🏽!";
        let (message, _) = terms.of_message(b"chat", b"author", text);
        let characters: Vec<char> = fold(text).chars().collect();
        for length in 1..=characters.len() {
            for part in characters.windows(length) {
                let part: String = part.iter().collect();
                if part == " " {
                    continue;
                }
                let query = terms.query(&needle(&part), &[b"chat".to_vec()], Some(b"author"));
                for term in query.split([' ', '(', ')']) {
                    let is_word = ["AND", "OR", ""].contains(&term);
                    assert!(is_word || message.split(' ').any(|t| t == term), "{part}");
                }
            }
        }
    }

    #[test]
    fn customers_share_no_terms() {
        let of = |customer| {
            Terms::of(customer)
                .of_message(b"chat", b"author", "hello")
                .0
        };
        let (one, other) = (of(b"C"), of(b"D"));
        assert_eq!(one.split(' ').count(), 2 + 4 + 4 + 3);
        assert!(one.split(' ').all(|term| !other.contains(term)));
    }

    /// Existing indexes were built with this hash function.
    #[test]
    fn terms_are_those_of_their_version() {
        assert_eq!((VERSION, PART), ("3", 2_000));
        let (terms, more) = Terms::of(b"C").of_message(b"chat", b"author", "É");
        assert_eq!(terms, "g1584fbcgh lilgvof018 ql2uqg04l8");
        assert!(more.is_empty());
    }

    #[test]
    fn a_long_message_has_its_terms_in_parts() {
        let text: String = ('가'..).take(3_000).collect();
        let (first, rest) = Terms::of(b"C").of_message(b"chat", b"author", &text);
        let sizes: Vec<usize> = rest.iter().map(|part| part.split(' ').count()).collect();
        assert_eq!(first.split(' ').count(), PART);
        assert_eq!(sizes, [PART, PART, PART, 999]);
    }

    #[test]
    fn long_needles_and_many_chats_make_short_queries() {
        let terms = Terms::of(b"C");
        let long: String = ('a'..='z').chain('а'..='я').chain('가'..='갯').collect();
        let chats = vec![b"chat".to_vec(); CHATS_IN_QUERY + 1];
        let query = terms.query(&needle(&long), &chats, None);
        assert!(query.split(" AND ").count() <= TERMS_OF_NEEDLE);
        assert!(!query.contains('('));
    }
}
