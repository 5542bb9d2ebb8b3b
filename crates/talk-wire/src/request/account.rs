//! Requests about accounts for conversations with people outside.

use conversation_domain::account::create::{CreateAccount, Wanted};
use conversation_domain::model::account::{Account, AccountSecrets, Method, parse_origins};
use conversation_domain::model::origin::Origin;
use conversation_domain::model::provider::Provider;
use conversation_domain::model::smpp::MAX_PASSWORD;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use talk_domain::kernel::error::Invalid;
use talk_domain::kernel::id::AccountId;
use talk_domain::kernel::secret::Sealed;

use crate::request::Request;
use crate::resource::ProviderData;

/// The longest secret of an account, in characters.
const LONGEST_SECRET: usize = 4_096;

/// The field of the password of a message centre.
const PASSWORD: &str = "provider_data.password";

/// Creates an account, or changes one: what is absent stays.
#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct AccountSettings {
    /// Type; an account keeps it.
    #[serde(default, rename = "type")]
    #[schemars(extend("enum" = ["sms", "webchat", null]))]
    pub kind: Option<String>,
    /// Name.
    #[serde(default)]
    pub name: Option<String>,
    /// Detail.
    #[serde(default)]
    pub detail: Option<String>,
    /// The secret that our requests to the provider carry: of Twilio the auth token, of Telnyx the API
    /// key, of a message centre the password. It is never shown.
    #[serde(default)]
    #[schemars(extend("maxLength" = 4096))]
    pub token: Option<String>,
    /// A further secret of the provider; `""` for none. It is never shown.
    #[serde(default)]
    #[schemars(extend("maxLength" = 4096))]
    pub secret: Option<String>,
    /// Settings of the type.
    #[serde(default, deserialize_with = "given")]
    #[schemars(with = "ProviderData")]
    pub provider_data: Option<ProviderData>,
}

/// Shows which secrets are given, and none of them.
impl std::fmt::Debug for AccountSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccountSettings")
            .field("kind", &self.kind)
            .field("name", &self.name)
            .field("token", &self.token.as_ref().map(|_| "…"))
            .field("secret", &self.secret.as_ref().map(|_| "…"))
            .field("provider_data", &self.provider_data)
            .finish_non_exhaustive()
    }
}

/// Sealed secrets of a request: `None` for one that stays, `Some(None)` for one that is removed.
#[derive(Clone, Debug, Default)]
pub struct GivenSecrets {
    /// The token.
    pub token: Option<Option<Sealed>>,
    /// The further secret.
    pub secret: Option<Option<Sealed>>,
}

impl AccountSettings {
    /// Seals the given secrets with `seal`.
    ///
    /// # Errors
    /// Names the field, or the error of `seal`.
    pub fn seal<E: From<Invalid>>(
        &self,
        seal: impl Fn(&str) -> Result<Sealed, E>,
    ) -> Result<GivenSecrets, E> {
        let sealed = |field: &str, text: &Option<String>| -> Result<Option<Option<Sealed>>, E> {
            match text.as_deref() {
                None => Ok(None),
                Some("") => Ok(Some(None)),
                Some(text) => {
                    check_secret(field, text)?;
                    Ok(Some(Some(seal(text)?)))
                }
            }
        };
        let (field, token) = self.given_token();
        Ok(GivenSecrets {
            token: sealed(field, &token)?,
            secret: sealed("secret", &self.secret)?,
        })
    }

    /// Returns the token with the name of its field. The password of a message centre is the token.
    fn given_token(&self) -> (&'static str, Option<String>) {
        match &self.provider_data {
            Some(data) if !data.password.is_empty() => (PASSWORD, Some(data.password.0.clone())),
            _ => ("token", self.token.clone()),
        }
    }

    /// The command that creates an account.
    ///
    /// # Errors
    /// Names the field.
    pub fn create(self, id: AccountId, secrets: GivenSecrets) -> Result<CreateAccount, Invalid> {
        let method = self.method()?.ok_or_else(unknown_type)?;
        let given = self.given_token();
        let data = self.provider_data.unwrap_or_default();
        let (provider, origins) = read(method, &data, None)?;
        check_password(&provider, &given)?;
        Ok(CreateAccount {
            id,
            wanted: Wanted {
                name: self.name.unwrap_or_default(),
                detail: self.detail.unwrap_or_default(),
                origins,
                provider,
                numbers: data.all_numbers(),
                secrets: AccountSecrets {
                    token: secrets.token.flatten(),
                    secret: secrets.secret.flatten(),
                },
            },
        })
    }

    fn method(&self) -> Result<Option<Method>, Invalid> {
        match self.kind.as_deref() {
            Some("webchat") => Ok(Some(Method::Webchat)),
            Some("sms") => Ok(Some(Method::Message)),
            None => Ok(None),
            Some(_) => Err(unknown_type()),
        }
    }

    /// Returns the change of an account to these settings.
    ///
    /// # Errors
    /// Names the field.
    pub fn change(
        self,
        secrets: GivenSecrets,
    ) -> Result<impl Fn(&Account) -> Result<Wanted, Invalid> + Send + 'static, Invalid> {
        let (kind, given) = (self.method()?, self.given_token());
        let Self {
            name,
            detail,
            provider_data,
            ..
        } = self;
        Ok(move |account: &Account| {
            if kind.is_some_and(|kind| kind != account.method) {
                let message = "an account keeps its type";
                return Err(Invalid::new("type", "ACCOUNT_TYPE_INVALID", message));
            }
            let known = &account.secrets;
            let mut wanted = Wanted {
                name: name.clone().unwrap_or_else(|| account.name.clone()),
                detail: detail.clone().unwrap_or_else(|| account.detail.clone()),
                origins: account.origins.clone(),
                provider: account.provider.clone(),
                numbers: account.numbers.clone(),
                secrets: AccountSecrets {
                    token: secrets.token.clone().unwrap_or_else(|| known.token.clone()),
                    secret: secrets
                        .secret
                        .clone()
                        .unwrap_or_else(|| known.secret.clone()),
                },
            };
            if let Some(data) = &provider_data {
                let before = Some(&account.provider);
                (wanted.provider, wanted.origins) = read(account.method, data, before)?;
                wanted.numbers = data.all_numbers();
            }
            check_password(&wanted.provider, &given)?;
            Ok(wanted)
        })
    }
}

impl Request for AccountSettings {
    const REFUSALS: &'static [&'static str] = &[
        "ACCOUNT_SECRET_INVALID",
        "ACCOUNT_TOKEN_MISSING",
        "ACCOUNT_TYPE_INVALID",
        "LIMIT_EXCEEDED",
        "ORIGIN_INVALID",
        "PROVIDER_DATA_INVALID",
        "PROVIDER_INVALID",
    ];
}

fn unknown_type() -> Invalid {
    Invalid::new("type", "ACCOUNT_TYPE_INVALID", "must be sms or webchat")
}

fn check_secret(field: &str, text: &str) -> Result<(), Invalid> {
    if text.len() > LONGEST_SECRET {
        return Err(Invalid::too_long(field, LONGEST_SECRET, "characters"));
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        let message = "must be visible ASCII characters";
        return Err(Invalid::new(field, "ACCOUNT_SECRET_INVALID", message));
    }
    Ok(())
}

/// Checks that a new token can be the password of a session, if the provider has sessions.
fn check_password(
    provider: &Provider,
    (field, token): &(&'static str, Option<String>),
) -> Result<(), Invalid> {
    let is_long = token
        .as_ref()
        .is_some_and(|token| token.len() > MAX_PASSWORD);
    if is_long && matches!(provider, Provider::Smpp(_)) {
        return Err(Invalid::too_long(*field, MAX_PASSWORD, "characters"));
    }
    Ok(())
}

/// Reads the provider and the origins; the provider stays `before` if the data names none.
fn read(
    method: Method,
    data: &ProviderData,
    before: Option<&Provider>,
) -> Result<(Provider, Vec<Origin>), Invalid> {
    let origins = parse_origins(&data.origins)?;
    data.check()?;
    let name = match (method, data.provider.as_str(), before) {
        (Method::Webchat, _, _) => "widget",
        (Method::Message, "", Some(before)) => before.as_str(),
        (Method::Message, name, _) => name,
    };
    let provider = Provider::from_settings(name, |setting| data.setting(setting));
    let provider = provider.filter(|provider| provider.method() == method);
    let message = "must be twilio, telnyx or smpp";
    let unknown = || Invalid::new("provider_data.provider", "PROVIDER_INVALID", message);
    Ok((provider.ok_or_else(unknown)?, origins))
}

/// Reads a field that may be absent, but not null.
fn given<'a, D: Deserializer<'a>, T: Deserialize<'a>>(field: D) -> Result<Option<T>, D::Error> {
    T::deserialize(field).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::Password;

    /// CONV-30: a log of a request shows no secret.
    #[test]
    fn the_debug_form_of_a_request_has_no_secret() {
        let settings = AccountSettings {
            token: Some("hidden".into()),
            provider_data: Some(ProviderData {
                password: Password("hidden".into()),
                ..ProviderData::default()
            }),
            secret: Some("hidden".into()),
            ..AccountSettings::default()
        };
        assert!(!format!("{settings:?}").contains("hidden"));
    }

    /// CONV-53: numbers beyond their types are refused with the field and the limit.
    #[test]
    fn numbers_of_a_session_are_refused_with_their_limits() {
        for (name, most) in [
            ("port", 65_535),
            ("window", 100),
            ("enquire_link_seconds", 3_600),
        ] {
            let of = |number: u32| -> ProviderData {
                serde_json::from_value(serde_json::json!({name: number})).unwrap()
            };
            assert!(of(most).check().is_ok(), "{name}");
            for number in [most + 1, u32::MAX] {
                let refused = of(number).check().unwrap_err();
                assert_eq!(refused.field, format!("provider_data.{name}"));
                assert!(refused.to_string().contains(&most.to_string()), "{refused}");
            }
        }
    }
}
