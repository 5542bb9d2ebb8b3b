//! Consent: whether a person outside wants messages by SMS.

/// Texts that refuse further messages.
const WITHDRAWALS: [&str; 7] = [
    "stop",
    "stopall",
    "stop all",
    "unsubscribe",
    "cancel",
    "end",
    "quit",
];

/// Texts that allow messages again.
const GIFTS: [&str; 3] = ["start", "yes", "unstop"];

/// A change of the consent of a person outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent {
    /// The person refuses further messages.
    Withdrawn,
    /// The person allows messages again.
    Given,
}

impl Consent {
    /// Returns the change that an SMS with this text means; `None` if it is any other text. The whole
    /// text counts, without spaces around it and in any case.
    #[must_use]
    pub fn of_text(text: &str) -> Option<Self> {
        let text = text.trim();
        let is_in = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
        if is_in(&WITHDRAWALS) {
            return Some(Self::Withdrawn);
        }
        is_in(&GIFTS).then_some(Self::Given)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CONV-38.
    #[test]
    fn the_whole_text_changes_the_consent() {
        for text in [
            "STOP",
            " stop\n",
            "Stop All",
            "stopall",
            "Unsubscribe",
            "cancel",
            "end",
            "quit",
        ] {
            assert_eq!(Consent::of_text(text), Some(Consent::Withdrawn), "{text:?}");
        }
        for text in ["START", "yes ", "UnStop"] {
            assert_eq!(Consent::of_text(text), Some(Consent::Given), "{text:?}");
        }
        for text in [
            "",
            "STOP it",
            "please stop",
            "stop.",
            "yesterday",
            "ARRET",
            "\u{17F}top",
        ] {
            assert_eq!(Consent::of_text(text), None, "{text:?}");
        }
    }
}
