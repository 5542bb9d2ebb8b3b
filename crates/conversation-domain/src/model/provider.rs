//! Providers: the services that carry the messages of accounts, with their settings.

use talk_domain::kernel::error::Invalid;
use talk_domain::kernel::text::check_text;

use crate::model::account::Method;
use crate::model::smpp::SmppSettings;

/// The most own numbers of an account.
pub const MAX_NUMBERS: usize = 100;

/// The longest text of a setting, in characters.
const LONGEST: usize = 255;

/// The provider of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Provider {
    /// Our own widget on web pages.
    Widget,
    /// Twilio, by HTTP.
    Twilio {
        /// The account there. The token of our account is its auth token.
        account_sid: String,
        /// An address in place of the provider's own.
        base_url: String,
    },
    /// Telnyx, by HTTP.
    Telnyx {
        /// The key that signs its requests to us, in base64.
        public_key: String,
        /// An address in place of the provider's own.
        base_url: String,
    },
    /// A message centre, by SMPP. The token of our account is the password of the session.
    Smpp(SmppSettings),
}

impl Provider {
    /// Its name in answers and at rest.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Widget => "widget",
            Self::Twilio { .. } => "twilio",
            Self::Telnyx { .. } => "telnyx",
            Self::Smpp(_) => "smpp",
        }
    }

    /// The method whose messages it carries.
    #[must_use]
    pub const fn method(&self) -> Method {
        match self {
            Self::Widget => Method::Webchat,
            Self::Twilio { .. } | Self::Telnyx { .. } | Self::Smpp(_) => Method::Message,
        }
    }

    /// Whether the provider takes a key with each message, and sends messages with the same key once.
    #[must_use]
    pub const fn honours_keys(&self) -> bool {
        matches!(self, Self::Telnyx { .. })
    }

    /// Whether messages are sent to another service.
    #[must_use]
    pub const fn is_remote(&self) -> bool {
        !matches!(self, Self::Widget)
    }

    /// Whether it sends requests to our hook.
    #[must_use]
    pub const fn calls_hook(&self) -> bool {
        matches!(self, Self::Twilio { .. } | Self::Telnyx { .. })
    }

    /// Its settings by their names, as they are stored.
    #[must_use]
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Widget => Vec::new(),
            Self::Twilio {
                account_sid,
                base_url,
            } => vec![
                ("account_sid", account_sid.clone()),
                ("base_url", base_url.clone()),
            ],
            Self::Telnyx {
                public_key,
                base_url,
            } => vec![
                ("public_key", public_key.clone()),
                ("base_url", base_url.clone()),
            ],
            Self::Smpp(smpp) => smpp.settings(),
        }
    }

    /// Returns the provider with this name, whose settings `setting` finds by their names; `None` if
    /// there is no such provider.
    pub fn from_settings(name: &str, setting: impl Fn(&str) -> String) -> Option<Self> {
        match name {
            "widget" => Some(Self::Widget),
            "twilio" => Some(Self::Twilio {
                account_sid: setting("account_sid"),
                base_url: setting("base_url"),
            }),
            "telnyx" => Some(Self::Telnyx {
                public_key: setting("public_key"),
                base_url: setting("base_url"),
            }),
            "smpp" => SmppSettings::from_settings(setting).map(Self::Smpp),
            _ => None,
        }
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// Names the setting, as `provider_data.account_sid`.
    pub fn check(&self) -> Result<(), Invalid> {
        if let Self::Smpp(smpp) = self {
            return smpp.check();
        }
        for (name, value) in self.settings() {
            let field = format!("provider_data.{name}");
            check_text(&field, &value, LONGEST)?;
            if value.contains(char::is_control) {
                return Err(invalid(name, "must not contain control characters"));
            }
            if value.is_empty() && name != "base_url" {
                return Err(invalid(name, "is missing"));
            }
            if name == "base_url" && !is_base_url(&value) {
                return Err(invalid(
                    name,
                    "must be an http or https address without a query",
                ));
            }
        }
        Ok(())
    }
}

/// A refusal that names a setting.
pub(crate) fn invalid(name: &str, message: &str) -> Invalid {
    let field = format!("provider_data.{name}");
    Invalid::new(field, "PROVIDER_DATA_INVALID", message)
}

/// Whether `text` is empty, or an address to which paths can be added.
fn is_base_url(text: &str) -> bool {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    let is_address = rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'));
    text.is_empty() || (is_address && !text.contains(['?', '#', '@', ' ']))
}

/// Checks own telephone numbers: `+`, digits, and what people write between them.
///
/// # Errors
/// Names the number, as `provider_data.numbers[0]`.
pub fn check_numbers(numbers: &[String], is_required: bool) -> Result<(), Invalid> {
    const FIELD: &str = "provider_data.numbers";
    if numbers.len() > MAX_NUMBERS {
        return Err(Invalid::too_long(FIELD, MAX_NUMBERS, "numbers"));
    }
    if is_required && numbers.is_empty() {
        return Err(invalid("numbers", "is missing"));
    }
    for (place, number) in numbers.iter().enumerate() {
        let is_long = number.chars().count() > 32;
        let is_sender = number.chars().all(|c| c.is_ascii_graphic() || c == ' ');
        if is_long || !is_sender || !number.chars().any(|c| c.is_ascii_alphanumeric()) {
            let message = "must be a telephone number or the name of a sender, up to 32 characters";
            let field = format!("{FIELD}[{place}]");
            return Err(Invalid::new(field, "PROVIDER_DATA_INVALID", message));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{a_twilio, an_smpp};

    /// CONV-30: the stored settings of a provider are the provider.
    #[test]
    fn a_provider_is_its_name_and_its_settings() {
        let telnyx = Provider::Telnyx {
            public_key: "k".into(),
            base_url: "https://e.test".into(),
        };
        for provider in [Provider::Widget, a_twilio(), telnyx, an_smpp()] {
            let settings = provider.settings();
            let setting = |name: &str| {
                let found = settings.iter().find(|(known, _)| *known == name);
                found.map_or_else(String::new, |(_, value)| value.clone())
            };
            let read = Provider::from_settings(provider.as_str(), setting);
            assert_eq!(read, Some(provider.clone()));
        }
        assert_eq!(Provider::from_settings("fax", |_| String::new()), None);
    }

    /// CONV-30.
    #[test]
    fn settings_that_are_missing_or_malformed_are_refused() {
        assert_eq!(a_twilio().check(), Ok(()));
        let twilio = |account_sid: &str, base_url: &str| Provider::Twilio {
            account_sid: account_sid.into(),
            base_url: base_url.into(),
        };
        assert_eq!(twilio("AC1", "").check(), Ok(()));
        for (wrong, field) in [
            (twilio("", ""), "account_sid"),
            (twilio("A\nB", ""), "account_sid"),
            (twilio("AC1", "ftp://e.test"), "base_url"),
            (twilio("AC1", "https://"), "base_url"),
            (twilio("AC1", "https://a@e.test"), "base_url"),
            (twilio("AC1", "https://e.test?x"), "base_url"),
        ] {
            let refused = wrong.check().unwrap_err();
            assert_eq!(refused.field, format!("provider_data.{field}"), "{wrong:?}");
        }
        let long = twilio(&"x".repeat(256), "").check().unwrap_err();
        assert_eq!(long.limit, Some(255));
    }

    /// CONV-30.
    #[test]
    fn own_numbers_are_numbers_or_names_of_senders() {
        let check = |numbers: &[&str]| {
            let numbers: Vec<_> = numbers.iter().map(ToString::to_string).collect();
            check_numbers(&numbers, true).map_err(|refused| refused.field)
        };
        assert_eq!(check(&["+1 555 0100", "SHOP"]), Ok(()));
        assert_eq!(check(&[]), Err("provider_data.numbers".to_owned()));
        assert_eq!(
            check(&["+1", " "]),
            Err("provider_data.numbers[1]".to_owned())
        );
        assert_eq!(
            check(&["\u{e9}"]),
            Err("provider_data.numbers[0]".to_owned())
        );
        assert_eq!(
            check(&[&*"1".repeat(33)]),
            Err("provider_data.numbers[0]".to_owned())
        );
        assert_eq!(check(&["1"; 101]), Err("provider_data.numbers".to_owned()));
    }
}
