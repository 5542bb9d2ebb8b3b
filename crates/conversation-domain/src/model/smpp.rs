//! Settings of a message centre that is reached by SMPP.

use talk_domain::kernel::error::Invalid;

use crate::model::provider::invalid;

/// The longest password of a session, in characters.
pub const MAX_PASSWORD: usize = 8;

/// The longest name of a system.
const MAX_SYSTEM_ID: usize = 15;

/// The longest type of a system.
const MAX_SYSTEM_TYPE: usize = 12;

/// The most messages without an answer.
const MAX_WINDOW: u16 = 100;

/// The most seconds between two signs of life.
const MAX_ENQUIRE_LINK: u16 = 3_600;

/// A message centre, and the terms of the session with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmppSettings {
    /// Name or address of the host.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Whether the connection is encrypted.
    pub tls: bool,
    /// The name of our system there.
    pub system_id: String,
    /// The type of our system there, or `""`.
    pub system_type: String,
    /// Messages without an answer.
    pub window: u16,
    /// Seconds between two signs of life.
    pub enquire_link_seconds: u16,
}

impl SmppSettings {
    /// The settings by their names, as they are stored.
    #[must_use]
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        vec![
            ("host", self.host.clone()),
            ("port", self.port.to_string()),
            ("tls", self.tls.to_string()),
            ("system_id", self.system_id.clone()),
            ("system_type", self.system_type.clone()),
            ("window", self.window.to_string()),
            (
                "enquire_link_seconds",
                self.enquire_link_seconds.to_string(),
            ),
        ]
    }

    /// Reads settings, which `setting` finds by their names. A number that is absent or 0 is the usual
    /// one. `None` if a number is none.
    pub(crate) fn from_settings(setting: impl Fn(&str) -> String) -> Option<Self> {
        let number = |name: &str, usual: u16| match &*setting(name) {
            "" | "0" => Some(usual),
            text => text.parse().ok(),
        };
        Some(Self {
            host: setting("host"),
            port: number("port", 2_775)?,
            tls: setting("tls") == "true",
            system_id: setting("system_id"),
            system_type: setting("system_type"),
            window: number("window", 10)?,
            enquire_link_seconds: number("enquire_link_seconds", 30)?,
        })
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// Names the setting.
    pub(crate) fn check(&self) -> Result<(), Invalid> {
        let is_host = |c: char| c.is_ascii_alphanumeric() || ".-:".contains(c);
        if self.host.is_empty() {
            return Err(invalid("host", "is missing"));
        }
        if self.host.len() > 253 || !self.host.chars().all(is_host) {
            return Err(invalid("host", "must be a host name or an IP address"));
        }
        if self.system_id.is_empty() {
            return Err(invalid("system_id", "is missing"));
        }
        check_octets("system_id", &self.system_id, MAX_SYSTEM_ID)?;
        check_octets("system_type", &self.system_type, MAX_SYSTEM_TYPE)?;
        check_range("window", self.window, MAX_WINDOW)?;
        let seconds = self.enquire_link_seconds;
        check_range("enquire_link_seconds", seconds, MAX_ENQUIRE_LINK)
    }
}

fn check_octets(name: &str, text: &str, longest: usize) -> Result<(), Invalid> {
    if text.len() > longest {
        let field = format!("provider_data.{name}");
        return Err(Invalid::too_long(field, longest, "characters"));
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(invalid(name, "must be visible ASCII characters"));
    }
    Ok(())
}

fn check_range(name: &str, number: u16, most: u16) -> Result<(), Invalid> {
    if (1..=most).contains(&number) {
        return Ok(());
    }
    Err(invalid(name, &format!("must be 1 to {most}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(changed: &str, value: &str) -> Option<SmppSettings> {
        SmppSettings::from_settings(|name| match name {
            name if name == changed => value.to_owned(),
            "host" => "smsc.test".to_owned(),
            "system_id" => "talk".to_owned(),
            _ => String::new(),
        })
    }

    /// CONV-53.
    #[test]
    fn bad_settings_of_a_message_centre_are_refused_by_their_names() {
        let usual = settings("", "").unwrap();
        assert_eq!(usual.check(), Ok(()));
        let numbers = (usual.port, usual.window, usual.enquire_link_seconds);
        assert_eq!(numbers, (2_775, 10, 30));
        for (name, value) in [
            ("host", ""),
            ("host", "a b"),
            ("host", "http://smsc.test"),
            ("system_id", ""),
            ("system_id", "sixteen characte"),
            ("system_id", "\u{e9}"),
            ("system_type", "a b"),
            ("system_type", "thirteen char"),
            ("window", "101"),
            ("enquire_link_seconds", "3601"),
        ] {
            let refused = settings(name, value).unwrap().check().unwrap_err();
            assert_eq!(refused.field, format!("provider_data.{name}"), "{value}");
        }
        assert_eq!(settings("port", "x"), None);
    }
}
