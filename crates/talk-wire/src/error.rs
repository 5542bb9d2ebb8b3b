//! The envelope every refusal comes in.

use serde::{Deserialize, Serialize};
use talk_domain::kernel::error::Invalid;

/// `{"error":{…}}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ErrorEnvelope {
    /// The refusal.
    pub error: ErrorBody,
}

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ErrorBody {
    /// The sort of refusal; each has one HTTP code.
    pub status: String,
    /// The stable reason.
    pub reason: String,
    /// For people.
    pub message: String,
    /// What to look for in the log.
    pub request_id: String,
    /// The inputs it is about.
    pub details: Vec<ErrorDetail>,
}

/// An input that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ErrorDetail {
    /// Path of the field, for example `medias[1].url`.
    pub field: String,
    /// The limit it broke, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
}

impl From<&Invalid> for ErrorDetail {
    fn from(invalid: &Invalid) -> Self {
        Self {
            field: invalid.field.clone(),
            limit: invalid.limit,
        }
    }
}
