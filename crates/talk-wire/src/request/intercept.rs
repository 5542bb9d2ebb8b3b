//! Requests about intercepts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use talk_domain::hooks::intercept::{OnError, Point};
use talk_domain::hooks::secret::check_secret;
use talk_domain::hooks::set_intercept::{NewSecret, SetIntercept};
use talk_domain::kernel::error::Invalid;

use crate::request::Request;

/// Creates an intercept, or changes one: what is absent stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct InterceptSettings {
    /// Address: `https://…`, without a username and a fragment. Required at creation.
    #[serde(default)]
    #[schemars(extend("maxLength" = 2048))]
    pub uri: Option<String>,
    /// The secret that signs requests, 16 to 255 visible ASCII characters; `whsec_` with base64 for the
    /// libraries of Standard Webhooks. Without it one is made at creation. A new one signs beside the
    /// one before it for 24 hours.
    #[serde(default)]
    #[schemars(extend("minLength" = 16, "maxLength" = 255, "pattern" = "^[!-~]*$"))]
    pub secret: Option<String>,
    /// Milliseconds for an answer, 1 to 5000; 1500 at creation.
    #[serde(default)]
    #[schemars(extend("minimum" = 1, "maximum" = 5000))]
    pub timeout_ms: Option<u32>,
    /// The decision without a valid answer in time: `allow` (at creation), `reject` or `hold`.
    #[serde(default)]
    #[schemars(extend("enum" = ["allow", "reject", "hold", null]))]
    pub on_error: Option<String>,
    /// Whether it is called; `true` at creation.
    #[serde(default)]
    pub enabled: Option<bool>,
}

impl InterceptSettings {
    /// Checks the secret, if there is one.
    ///
    /// # Errors
    /// `INTERCEPT_SECRET_INVALID`.
    pub fn secret(&self) -> Result<Option<&str>, Invalid> {
        let secret = self.secret.as_deref();
        secret.map_or(Ok(()), check_secret)?;
        Ok(secret)
    }

    /// The command with the sealed secret.
    ///
    /// # Errors
    /// Names the field.
    pub fn command(self, point: Point, secret: NewSecret) -> Result<SetIntercept, Invalid> {
        let on_error = self.on_error.as_deref().map(OnError::parse);
        Ok(SetIntercept {
            point,
            uri: self.uri,
            timeout_ms: self.timeout_ms,
            on_error: on_error.transpose()?,
            is_enabled: self.enabled,
            secret,
        })
    }
}

impl Request for InterceptSettings {
    const REFUSALS: &'static [&'static str] = &[
        "FIELD_REQUIRED",
        "INTERCEPT_ON_ERROR_INVALID",
        "INTERCEPT_SECRET_INVALID",
        "LIMIT_EXCEEDED",
        "WEBHOOK_URI_INVALID",
    ];
}
