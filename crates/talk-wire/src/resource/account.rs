//! Accounts for conversations with people outside, and what they have received.

use conversation_domain::gateway;
use conversation_domain::model::account::{self, Method};
use conversation_domain::model::origin::Origin;
use conversation_domain::model::provider::Provider;
use conversation_domain::model::receipt;
use conversation_domain::model::smpp::SmppSettings;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use talk_domain::kernel::error::Invalid;

use crate::time;

/// The only kind of session with a message centre.
const TRANSCEIVER: &str = "transceiver";

/// The settings of an account that depend on its type and provider.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProviderData {
    /// Of a `webchat`: the web pages that may embed it, as scheme, host and port. At most 32.
    #[serde(default)]
    pub origins: Vec<String>,
    /// Of an `sms`: `twilio`, `telnyx` or `smpp`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(extend("enum" = ["", "twilio", "telnyx", "smpp"]))]
    pub provider: String,
    /// Of an `sms`: own telephone numbers. At most 100.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub numbers: Vec<String>,
    /// In requests: one own number, besides `numbers`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub number: String,
    /// Of `twilio`: the SID of the account there.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub account_sid: String,
    /// Of `telnyx`: the key that signs its requests, in base64.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub public_key: String,
    /// An address in place of the provider's own.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub base_url: String,
    /// Of `smpp`: name or IP address of the message centre.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub host: String,
    /// Of `smpp`: its port; 0 for 2775.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[schemars(range(max = 65_535))]
    pub port: u32,
    /// Of `smpp`: whether the connection is encrypted.
    #[serde(default, skip_serializing_if = "is_false")]
    pub tls: bool,
    /// Of `smpp`: the name of our system there, up to 15 characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(extend("pattern" = "^.*$"))]
    pub system_id: String,
    /// Of `smpp`, in requests: the password, up to 8 characters. It is the `token` of the account, and
    /// never shown.
    #[serde(default, skip_serializing_if = "Password::is_empty")]
    #[schemars(extend("maxLength" = 8))]
    pub password: Password,
    /// Of `smpp`: the type of our system there, up to 12 characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub system_type: String,
    /// Of `smpp`: the kind of the session.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(extend("enum" = ["", "transceiver"]))]
    pub bind: String,
    /// Of `smpp`: messages without an answer, up to 100; 0 for 10.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[schemars(range(max = 100))]
    pub window: u32,
    /// Of `smpp`: seconds between two signs of life, up to 3,600; 0 for 30.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[schemars(range(max = 3600))]
    pub enquire_link_seconds: u32,
}

/// A password in a request.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct Password(pub String);

impl Password {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Shows only whether there is a password.
impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.is_empty() { "none" } else { "…" })
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

impl ProviderData {
    /// Checks the kind of the session, and the numbers.
    ///
    /// # Errors
    /// If it is unknown, and if a number is too large.
    pub(crate) fn check(&self) -> Result<(), Invalid> {
        for (field, number, most) in [
            ("provider_data.port", self.port, 65_535),
            ("provider_data.window", self.window, 100),
            (
                "provider_data.enquire_link_seconds",
                self.enquire_link_seconds,
                3_600,
            ),
        ] {
            if number > most {
                let message = format!("must be at most {most}");
                return Err(Invalid::new(field, "PROVIDER_DATA_INVALID", message));
            }
        }
        if self.bind.is_empty() || self.bind == TRANSCEIVER {
            return Ok(());
        }
        let (field, message) = ("provider_data.bind", "must be transceiver");
        Err(Invalid::new(field, "PROVIDER_DATA_INVALID", message))
    }

    /// All own numbers.
    #[must_use]
    pub fn all_numbers(&self) -> Vec<String> {
        let mut numbers = self.numbers.clone();
        if !self.number.is_empty() && !numbers.contains(&self.number) {
            numbers.push(self.number.clone());
        }
        numbers
    }

    /// Returns the setting of a provider with this name; `""` if there is none.
    #[must_use]
    pub fn setting(&self, name: &str) -> String {
        match name {
            "account_sid" => self.account_sid.clone(),
            "public_key" => self.public_key.clone(),
            "base_url" => self.base_url.clone(),
            "host" => self.host.clone(),
            "port" => self.port.to_string(),
            "tls" => self.tls.to_string(),
            "system_id" => self.system_id.clone(),
            "system_type" => self.system_type.clone(),
            "window" => self.window.to_string(),
            "enquire_link_seconds" => self.enquire_link_seconds.to_string(),
            _ => String::new(),
        }
    }

    fn of(account: &account::Account) -> Self {
        let origins = account.origins.iter().map(Origin::as_str);
        let provider = match account.provider {
            Provider::Widget => "",
            _ => account.provider.as_str(),
        };
        let mut data = Self {
            origins: origins.map(str::to_owned).collect(),
            provider: provider.to_owned(),
            numbers: account.numbers.clone(),
            ..Self::default()
        };
        if let Provider::Smpp(smpp) = &account.provider {
            data.show_smpp(smpp);
        }
        for (name, value) in account.provider.settings() {
            let setting = match name {
                "account_sid" => &mut data.account_sid,
                "public_key" => &mut data.public_key,
                "base_url" => &mut data.base_url,
                _ => continue,
            };
            *setting = value;
        }
        data
    }

    fn show_smpp(&mut self, smpp: &SmppSettings) {
        self.host.clone_from(&smpp.host);
        self.system_id.clone_from(&smpp.system_id);
        self.system_type.clone_from(&smpp.system_type);
        (self.port, self.tls) = (smpp.port.into(), smpp.tls);
        self.window = smpp.window.into();
        self.enquire_link_seconds = smpp.enquire_link_seconds.into();
        TRANSCEIVER.clone_into(&mut self.bind);
    }
}

/// Why the provider refuses an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccountProblem {
    /// The code of the provider.
    pub code: String,
    /// The reason for people.
    pub reason: String,
    /// Time of the first refusal for this reason.
    pub tm: String,
}

impl From<&account::Problem> for AccountProblem {
    fn from(problem: &account::Problem) -> Self {
        Self {
            code: problem.code.clone(),
            reason: problem.reason.clone(),
            tm: time::format(problem.noticed),
        }
    }
}

/// A customer's access to one method of talking with people outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConversationAccount {
    /// Identity.
    pub id: String,
    /// Its customer.
    pub customer_id: String,
    /// Type.
    #[serde(rename = "type")]
    #[schemars(extend("enum" = ["sms", "webchat"]))]
    pub kind: String,
    /// Name.
    pub name: String,
    /// Detail.
    pub detail: String,
    /// Settings of the type.
    pub provider_data: ProviderData,
    /// The address to enter at the provider, so that it sends what comes in; `""` if there is none.
    #[schemars(extend("pattern" = "^.*$"))]
    pub hook_url: String,
    /// Why the provider refuses the account with 401 or 403; null if it does not. A message that it
    /// accepts, a check, and other secrets or settings of the provider remove the problem.
    #[schemars(extend("x-null" = true))]
    pub problem: Option<AccountProblem>,
    /// Time of creation.
    pub tm_create: String,
    /// Time of the last change.
    pub tm_update: String,
    /// Always `""`: a deleted account is gone.
    pub tm_delete: String,
}

impl ConversationAccount {
    /// An account of a server that providers reach at `public_url`.
    #[must_use]
    pub fn new(account: &account::Account, public_url: Option<&str>) -> Self {
        let kind = match account.method {
            Method::Message => "sms",
            Method::Webchat => "webchat",
        };
        let base = public_url.unwrap_or_default().trim_end_matches('/');
        let hook_url = if account.provider.calls_hook() {
            format!("{base}/v1.0/conversation/accounts/{}", account.id)
        } else {
            String::new()
        };
        Self {
            id: account.id.to_string(),
            customer_id: account.customer.to_string(),
            kind: kind.to_owned(),
            name: account.name.clone(),
            detail: account.detail.clone(),
            provider_data: ProviderData::of(account),
            hook_url,
            problem: account.problem.as_ref().map(AccountProblem::from),
            tm_create: time::format(account.created),
            tm_update: time::format(account.updated),
            tm_delete: String::new(),
        }
    }
}

/// Whether an account works.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccountCheck {
    /// Whether it works.
    pub ok: bool,
    /// Why it does not; `""` if it does.
    #[schemars(extend("pattern" = "^.*$"))]
    pub detail: String,
}

impl From<gateway::Checked> for AccountCheck {
    fn from(checked: gateway::Checked) -> Self {
        Self {
            ok: checked.is_ok,
            detail: checked.detail,
        }
    }
}

/// A request that an account has received from its provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccountReceipt {
    /// Identity.
    pub id: String,
    /// The account.
    pub account_id: String,
    /// Its identity at the provider.
    #[schemars(extend("pattern" = "^.*$"))]
    pub event_id: String,
    /// `stored` before it is read; `ignored` if it is of a kind without an effect.
    #[schemars(extend("enum" = ["stored", "done", "ignored", "failed"]))]
    pub state: String,
    /// Why it failed; `""` if it has not.
    #[schemars(extend("pattern" = "^[^\\u0000]*$"))]
    pub error: String,
    /// Time of arrival.
    pub tm_create: String,
}

impl From<&receipt::Receipt> for AccountReceipt {
    fn from(receipt: &receipt::Receipt) -> Self {
        Self {
            id: receipt.id.to_string(),
            account_id: receipt.account.to_string(),
            event_id: receipt.event.clone(),
            state: receipt.state.as_str().to_owned(),
            error: receipt.error.clone(),
            tm_create: time::format(receipt.created),
        }
    }
}
