//! The JSON envelope of all refusals.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use talk_domain::kernel::error::Invalid;

use crate::reason::{Reason, statuses};

/// `{"error":{…}}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorEnvelope {
    /// The refusal.
    pub error: ErrorBody,
}

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorBody {
    /// The kind of refusal; each has one HTTP code.
    #[schemars(extend("enum" = statuses()))]
    pub status: String,
    /// The stable reason.
    #[schemars(with = "Reason")]
    pub reason: String,
    /// Human-readable text.
    pub message: String,
    /// Id of the request, as in the server's log.
    pub request_id: String,
    /// The invalid inputs.
    pub details: Vec<ErrorDetail>,
}

/// An invalid input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorDetail {
    /// Path of the field, for example `medias[1].url`.
    pub field: String,
    /// The limit that was exceeded, if there is one.
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
