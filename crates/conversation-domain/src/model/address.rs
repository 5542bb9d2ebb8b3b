//! Addresses of people and accounts, and the normal form in which they are compared.

/// The type of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AddressKind {
    /// A telephone number.
    Tel,
    /// A LINE user or group.
    Line,
    /// A telephone number on `WhatsApp`.
    Whatsapp,
    /// A mailbox.
    Email,
    /// A visitor of a web page.
    Webchat,
}

impl AddressKind {
    const ALL: [Self; 5] = [
        Self::Tel,
        Self::Line,
        Self::Whatsapp,
        Self::Email,
        Self::Webchat,
    ];

    /// Its name in requests, in answers and at rest.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tel => "tel",
            Self::Line => "line",
            Self::Whatsapp => "whatsapp",
            Self::Email => "email",
            Self::Webchat => "webchat",
        }
    }

    /// The type with this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Returns the normal form of `target`, in which addresses of this type are compared: for a
    /// telephone number its ASCII digits after a leading `+`, if it has one; for a mailbox, lower
    /// case without spaces around it. Targets of other types are returned unchanged.
    #[must_use]
    pub fn normalise(self, target: &str) -> String {
        match self {
            Self::Tel | Self::Whatsapp => {
                let number = target.trim();
                let plus = if number.starts_with('+') { "+" } else { "" };
                let digits = number.chars().filter(char::is_ascii_digit);
                plus.chars().chain(digits).collect()
            }
            Self::Email => target.trim().to_lowercase(),
            Self::Line | Self::Webchat => target.to_owned(),
        }
    }

    /// Returns the normal form of an own address of the account. It removes the `+tag` of a
    /// mailbox, since replies to tagged addresses arrive in the same mailbox.
    #[must_use]
    pub fn normalise_own(self, target: &str) -> String {
        let normal = self.normalise(target);
        if self != Self::Email {
            return normal;
        }
        let Some((local, host)) = normal.rsplit_once('@') else {
            return normal;
        };
        let name = local.split('+').next().unwrap_or(local);
        format!("{name}@{host}")
    }
}

/// An address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Type.
    pub kind: AddressKind,
    /// The number, mailbox or id.
    pub target: String,
    /// The name of its holder, as the method reported it; empty if unknown.
    pub target_name: String,
}

impl Address {
    /// The name, or the target if there is none.
    #[must_use]
    pub fn label(&self) -> &str {
        if self.target_name.is_empty() {
            &self.target
        } else {
            &self.target_name
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CONV-02.
    #[test]
    fn addresses_are_compared_in_one_form() {
        use AddressKind::{Email, Line, Tel, Webchat, Whatsapp};
        for (kind, target, normal) in [
            (Tel, " +82 (2) 123-4567 ", "+8221234567"),
            (Tel, "02+12", "0212"),
            (Tel, "+٣1", "+1"),
            (Whatsapp, "+1 555", "+1555"),
            (Whatsapp, "1555", "1555"),
            (Email, " Jo+News@Example.COM ", "jo+news@example.com"),
            (Line, "Uab Cd", "Uab Cd"),
            (Webchat, "aB", "aB"),
        ] {
            assert_eq!(kind.normalise(target), normal, "{kind:?} {target}");
            let again = kind.normalise(normal);
            assert_eq!(again, normal, "the normal form of a normal form");
        }
    }

    /// CONV-02: a tag of the own mailbox names no other mailbox.
    #[test]
    fn an_own_mailbox_has_no_tag() {
        let email = AddressKind::Email;
        for (own, normal) in [
            ("Help+c7@Example.com", "help@example.com"),
            ("help@example.com", "help@example.com"),
            ("\"a@b+c\"@example.com", "\"a@b@example.com"),
            ("no-mailbox+x", "no-mailbox+x"),
        ] {
            assert_eq!(email.normalise_own(own), normal);
        }
        assert_eq!(AddressKind::Tel.normalise_own("+1 2"), "+12");
        assert_eq!(AddressKind::Line.normalise_own("a+b@c"), "a+b@c");
    }

    #[test]
    fn types_of_addresses_are_read_by_their_names() {
        for kind in AddressKind::ALL {
            assert_eq!(AddressKind::parse(kind.as_str()), Some(kind));
        }
        assert_eq!(AddressKind::parse("fax"), None);
    }
}
