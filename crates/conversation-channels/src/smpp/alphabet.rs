//! Alphabets of short messages: the default alphabet of GSM with its extension table, one octet for each
//! septet, and UCS-2.

/// Announces a character of the extension table.
pub(super) const ESCAPE: u8 = 0x1B;

/// The default alphabet by its codes. [`ESCAPE`] stands at its own place.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\u{1B}ÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
                     ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";

/// The extension table.
const EXTENSION: [(u8, char); 10] = [
    (0x0A, '\u{C}'),
    (0x14, '^'),
    (0x28, '{'),
    (0x29, '}'),
    (0x2F, '\\'),
    (0x3C, '['),
    (0x3D, '~'),
    (0x3E, ']'),
    (0x40, '|'),
    (0x65, '€'),
];

/// The alphabet of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alphabet {
    /// The default alphabet of GSM.
    Gsm,
    /// ISO 8859-1, and its subset IA5.
    Latin1,
    /// UTF-16, the most significant octet first.
    Ucs2,
}

impl Alphabet {
    /// Returns the alphabet of a `data_coding`; `None` for binary data and for alphabets that are not
    /// supported.
    pub(super) const fn of(data_coding: u8) -> Option<Self> {
        match data_coding {
            0 | 0x10..=0x13 | 0xF0..=0xF3 => Some(Self::Gsm),
            1 | 3 => Some(Self::Latin1),
            8 | 0x18..=0x1B => Some(Self::Ucs2),
            _ => None,
        }
    }

    /// Decodes a text. An invalid code becomes U+FFFD.
    pub(super) fn decode(self, octets: &[u8]) -> String {
        match self {
            Self::Gsm => decode_gsm(octets),
            Self::Latin1 => octets.iter().copied().map(char::from).collect(),
            Self::Ucs2 => {
                let units = octets.chunks(2).map(|unit| match *unit {
                    [high, low] => u16::from_be_bytes([high, low]),
                    // Half a unit at the end.
                    _ => 0xFFFD,
                });
                char::decode_utf16(units)
                    .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
                    .collect()
            }
        }
    }
}

/// Encodes a text in the default alphabet; `None` if a character is in neither table.
pub(super) fn encode_gsm(text: &str) -> Option<Vec<u8>> {
    let mut octets = Vec::with_capacity(text.len());
    for character in text.chars() {
        if let Some(code) = basic_code(character) {
            octets.push(code);
        } else {
            let (code, _) = EXTENSION.iter().find(|(_, known)| *known == character)?;
            octets.extend([ESCAPE, *code]);
        }
    }
    Some(octets)
}

fn basic_code(character: char) -> Option<u8> {
    if character == char::from(ESCAPE) {
        return None;
    }
    let place = BASIC.chars().position(|known| known == character)?;
    u8::try_from(place).ok()
}

/// Encodes a text in UCS-2, as units of two octets.
pub(super) fn encode_ucs2(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

fn decode_gsm(octets: &[u8]) -> String {
    let basic = |code: u8| {
        let known = BASIC.chars().nth(code.into());
        known.unwrap_or(char::REPLACEMENT_CHARACTER)
    };
    let mut is_escaped = false;
    let characters = octets.iter().filter_map(|code| {
        if *code == ESCAPE {
            // A second escape stands for a table that nobody has defined, and one at the end for nothing.
            is_escaped = true;
            return None;
        }
        let extension = EXTENSION
            .iter()
            .find(|(known, _)| is_escaped && known == code);
        is_escaped = false;
        // A device that does not know an extension shows the character of the basic table.
        Some(extension.map_or_else(|| basic(*code), |(_, known)| *known))
    });
    characters.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// CONV-50.
    #[test]
    fn the_default_alphabet_has_its_codes() {
        assert_eq!(BASIC.chars().count(), 128);
        for (text, octets) in [
            ("@", &[0x00][..]),
            ("\n", &[0x0A]),
            ("\r", &[0x0D]),
            ("_", &[0x11]),
            (" 09", &[0x20, 0x30, 0x39]),
            ("¡AZ", &[0x40, 0x41, 0x5A]),
            ("¿az", &[0x60, 0x61, 0x7A]),
            ("à", &[0x7F]),
            ("€[", &[0x1B, 0x65, 0x1B, 0x3C]),
        ] {
            assert_eq!(encode_gsm(text).as_deref(), Some(octets), "{text}");
            assert_eq!(Alphabet::Gsm.decode(octets), text);
        }
        for text in ["ç", "😀", "`", "\u{1B}", "й"] {
            assert_eq!(encode_gsm(text), None, "{text}");
        }
    }

    /// CONV-50: no octets of a network stop the decoder.
    #[test]
    fn invalid_codes_are_shown_as_such() {
        assert_eq!(Alphabet::Gsm.decode(&[0x41, 0x1B]), "A");
        assert_eq!(Alphabet::Gsm.decode(&[0x1B, 0x41]), "A");
        assert_eq!(Alphabet::Gsm.decode(&[0x41, 0x80]), "A\u{FFFD}");
        assert_eq!(Alphabet::Ucs2.decode(&[0xD8, 0x3D]), "\u{FFFD}");
        assert_eq!(Alphabet::Ucs2.decode(&[0, 65, 0]), "A\u{FFFD}");
        assert_eq!(Alphabet::Latin1.decode(&[0x41, 0xE9]), "Aé");
        assert_eq!(Alphabet::of(4), None);
    }

    proptest! {
        /// CONV-50.
        #[test]
        fn an_encoded_text_is_decoded_whole(text in any::<String>(), gsm in "[a-zA-Z €{}~à\n]*") {
            prop_assert_eq!(Alphabet::Ucs2.decode(&encode_ucs2(&text)), &*text);
            let octets = encode_gsm(&gsm).unwrap();
            prop_assert_eq!(Alphabet::Gsm.decode(&octets), gsm);
        }

        /// CONV-50.
        #[test]
        fn any_octets_are_decoded(octets in any::<Vec<u8>>()) {
            for alphabet in [Alphabet::Gsm, Alphabet::Latin1, Alphabet::Ucs2] {
                let text = alphabet.decode(&octets);
                prop_assert!(text.chars().count() <= octets.len());
            }
        }
    }
}
