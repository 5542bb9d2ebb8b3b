//! Endpoints of webhooks and their deliveries.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use talk_domain::hooks::{delivery, webhook};

use crate::schema::LOWER_UUID_OR_EMPTY;
use crate::time;

/// An endpoint to which events are sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Webhook {
    /// Identity.
    pub id: String,
    /// Its customer.
    pub customer_id: String,
    /// Address.
    pub uri: String,
    /// Method of the requests.
    #[schemars(extend("enum" = ["POST", "PUT", "GET", "DELETE"]))]
    pub method: String,
    /// Types of events, with `*` for any characters; empty for all.
    pub events: Vec<String>,
    /// Only events of this chat; `""` for all chats.
    #[schemars(extend("pattern" = LOWER_UUID_OR_EMPTY))]
    pub chat_id: String,
    /// Whether it gets events.
    pub enabled: bool,
    /// Why it gets none: `manually`, `gone` after a 410, `failing` after too long a failure; `""` if it
    /// is enabled.
    #[schemars(extend("enum" = ["", "manually", "gone", "failing"]))]
    pub disabled_reason: String,
    /// `chat`: the events of a chat one after the other. `none`: each for itself.
    #[schemars(extend("enum" = ["chat", "none"]))]
    pub order: String,
    /// The secret, in the answers to its creation and rotation only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// Since when every request has failed; `""` if the last one did not.
    pub tm_failing: String,
    /// Time of creation.
    pub tm_create: String,
    /// Time of the last change.
    pub tm_update: String,
    /// Always `""`: a deleted endpoint is gone.
    pub tm_delete: String,
}

impl From<&webhook::Webhook> for Webhook {
    fn from(webhook: &webhook::Webhook) -> Self {
        Self {
            id: webhook.id.to_string(),
            customer_id: webhook.customer.to_string(),
            uri: webhook.uri.clone(),
            method: webhook.method.as_str().to_owned(),
            events: webhook.events.patterns().to_vec(),
            chat_id: webhook.stream.map_or_else(String::new, |id| id.to_string()),
            enabled: webhook.is_enabled(),
            disabled_reason: webhook
                .disabled
                .map_or("", webhook::Disabled::as_str)
                .to_owned(),
            order: webhook.order.as_str().to_owned(),
            secret: None,
            tm_failing: time::format_optional(webhook.failing_since),
            tm_create: time::format(webhook.created),
            tm_update: time::format(webhook.updated),
            tm_delete: String::new(),
        }
    }
}

/// One event on its way to one endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Delivery {
    /// Identity.
    pub id: String,
    /// The endpoint.
    pub webhook_id: String,
    /// Identity of the event: the header `webhook-id` of every request.
    #[schemars(extend("pattern" = "^[0-9A-Za-z_]+$"))]
    pub event_id: String,
    /// Type of the event.
    #[serde(rename = "type")]
    pub kind: String,
    /// The chat of the event; `""` for a test.
    #[schemars(extend("pattern" = LOWER_UUID_OR_EMPTY))]
    pub chat_id: String,
    /// `pending`: waits for its first request. `failed`: waits for the next one. `dead`: there is no
    /// next one, unless it is replayed.
    #[schemars(extend("enum" = ["pending", "failed", "delivered", "dead"]))]
    pub status: String,
    /// The latest requests, the oldest first.
    pub attempts: Vec<DeliveryAttempt>,
    /// Time of the next request; `""` if there is none, or if it waits for an earlier event of its
    /// chat.
    pub tm_next: String,
    /// Time of creation.
    pub tm_create: String,
}

/// A request of a delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeliveryAttempt {
    /// Time of the request.
    pub tm: String,
    /// Status code of the answer; 0 if there was none.
    pub http_status: u16,
    /// Milliseconds until the answer or the failure.
    pub latency_ms: u32,
    /// The failure; `""` after a success.
    pub error: String,
    /// The first KiB of the answer.
    pub answer: String,
}

impl From<&delivery::Attempt> for DeliveryAttempt {
    fn from(attempt: &delivery::Attempt) -> Self {
        Self {
            tm: time::format(attempt.at),
            http_status: attempt.http_status.unwrap_or(0),
            latency_ms: attempt.latency_ms,
            error: attempt.error.clone(),
            answer: attempt.answer.clone(),
        }
    }
}

impl From<&delivery::Listed> for Delivery {
    fn from(listed: &delivery::Listed) -> Self {
        let delivery = &listed.delivery;
        let is_test = delivery.stream.realm == delivery::TEST;
        Self {
            id: delivery.id.to_string(),
            webhook_id: delivery.webhook.to_string(),
            event_id: delivery.event.clone(),
            kind: delivery.kind.clone(),
            chat_id: if is_test {
                String::new()
            } else {
                delivery.stream.to_string()
            },
            status: delivery.status.as_str().to_owned(),
            attempts: listed.attempts.iter().map(DeliveryAttempt::from).collect(),
            tm_next: time::format_optional(delivery.due),
            tm_create: time::format(delivery.created),
        }
    }
}

/// The result of a replay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Replayed {
    /// Number of deliveries that are sent again; at most 1,000. Repeat the request for more.
    pub replayed: u32,
}
