//! Splits a text into short messages.

use super::alphabet::{ESCAPE, encode_gsm, encode_ucs2};

/// The most segments of a message.
pub(super) const MAX_SEGMENTS: usize = 20;

/// Octets of a short message in the default alphabet: alone, and beside the header of a segment.
const GSM_OCTETS: (usize, usize) = (160, 153);

/// Octets of a short message in UCS-2: alone, and beside the header of a segment.
const UCS2_OCTETS: (usize, usize) = (140, 134);

/// One short message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    /// The `data_coding`.
    pub(super) data_coding: u8,
    /// Whether `octets` begin with a header.
    pub(super) has_header: bool,
    /// The user data.
    pub(super) octets: Vec<u8>,
}

/// Splits a text into the segments of one message, which carry `reference` if there are several. `None`
/// if there would be more than [`MAX_SEGMENTS`].
pub(super) fn split(text: &str, reference: u8) -> Option<Vec<Segment>> {
    let (data_coding, octets, (alone, beside)) = match encode_gsm(text) {
        Some(octets) => (0, octets, GSM_OCTETS),
        None => (8, encode_ucs2(text), UCS2_OCTETS),
    };
    if octets.len() <= alone {
        return Some(vec![Segment {
            data_coding,
            has_header: false,
            octets,
        }]);
    }
    let is_cut = if data_coding == 0 {
        cuts_escape
    } else {
        cuts_pair
    };
    let pieces = pieces(&octets, beside, is_cut);
    if pieces.len() > MAX_SEGMENTS {
        return None;
    }
    let total = u8::try_from(pieces.len()).ok()?;
    let segments = (1..=total).zip(pieces).map(|(number, piece)| {
        // A header of 5 octets: concatenation (0), 3 octets long.
        let header = [5, 0, 3, reference, total, number];
        Segment {
            data_coding,
            has_header: true,
            octets: [&header, piece].concat(),
        }
    });
    Some(segments.collect())
}

/// Cuts octets into pieces of up to `longest`, one unit earlier where `is_cut` says that a character
/// would be cut.
fn pieces(octets: &[u8], longest: usize, is_cut: fn(&[u8]) -> Option<usize>) -> Vec<&[u8]> {
    let (mut pieces, mut rest) = (Vec::new(), octets);
    while rest.len() > longest {
        let (piece, _) = rest.split_at(longest);
        let earlier = is_cut(piece).unwrap_or(0);
        let (piece, behind) = rest.split_at(longest - earlier);
        pieces.push(piece);
        rest = behind;
    }
    pieces.push(rest);
    pieces
}

/// Returns one octet if a piece ends with an escape. The code of an escaped character is never that of
/// the escape.
fn cuts_escape(piece: &[u8]) -> Option<usize> {
    (piece.last() == Some(&ESCAPE)).then_some(1)
}

/// Returns two octets if a piece ends with the first half of a surrogate pair.
fn cuts_pair(piece: &[u8]) -> Option<usize> {
    let unit = piece.last_chunk::<2>()?;
    let is_high = matches!(u16::from_be_bytes(*unit), 0xD800..=0xDBFF);
    is_high.then_some(2)
}

#[cfg(test)]
mod tests {
    use super::super::alphabet::Alphabet;
    use super::*;
    use proptest::prelude::*;

    fn sizes(text: &str) -> Vec<usize> {
        let segments = split(text, 7).unwrap();
        segments
            .iter()
            .map(|segment| segment.octets.len())
            .collect()
    }

    /// CONV-50.
    #[test]
    fn a_text_takes_as_many_segments_as_it_needs() {
        assert_eq!(sizes(""), [0]);
        assert_eq!(sizes(&"x".repeat(160)), [160]);
        assert_eq!(sizes(&"x".repeat(161)), [159, 14]);
        assert_eq!(sizes(&"x".repeat(400)), [159, 159, 100]);
        assert_eq!(sizes(&"é€".repeat(53)), [159]);
        assert_eq!(sizes(&"й".repeat(70)), [140]);
        assert_eq!(sizes(&"й".repeat(71)), [140, 14]);
        assert_eq!(sizes(&"😀".repeat(35)), [140]);
        assert_eq!(sizes(&"😀".repeat(36)), [138, 18]);
        let most = 153 * MAX_SEGMENTS;
        assert_eq!(split(&"x".repeat(most), 7).unwrap().len(), MAX_SEGMENTS);
        assert_eq!(split(&"x".repeat(most + 1), 7), None);
    }

    /// CONV-50: an escape sequence and a surrogate pair stay in one segment.
    #[test]
    fn no_character_is_cut() {
        let text = format!("{}€{}", "x".repeat(152), "y".repeat(20));
        assert_eq!(sizes(&text), [158, 28]);
        let text = format!("й{}", "😀".repeat(40));
        assert_eq!(sizes(&text), [140, 34]);
        let segments = split(&text, 7).unwrap();
        assert_eq!(segments[0].octets[..6], [5, 0, 3, 7, 2, 1]);
        assert_eq!(segments[1].octets[..6], [5, 0, 3, 7, 2, 2]);
    }

    proptest! {
        /// CONV-50: the segments together are the text, and each is a text by itself.
        #[test]
        fn split_then_joined_is_the_same(
            text in prop_oneof!["[a-z€^|]{0,900}", "[a-zй😀]{0,400}"]
        ) {
            let segments = split(&text, 1).unwrap();
            let alone = segments.iter().map(|segment| {
                let alphabet = Alphabet::of(segment.data_coding).unwrap();
                let skipped = if segment.has_header { 6 } else { 0 };
                alphabet.decode(&segment.octets[skipped..])
            });
            prop_assert_eq!(alone.collect::<String>(), text);
            for segment in segments {
                let longest = if segment.data_coding == 0 { 160 } else { 140 };
                prop_assert!(segment.octets.len() <= longest);
            }
        }
    }
}
