//! Requests about webhooks.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use talk_domain::hooks::create::Wanted;
use talk_domain::hooks::filter::EventFilter;
use talk_domain::hooks::replay::{Only, Replay};
use talk_domain::hooks::webhook::{DeliveryOrder, Method, Webhook};
use talk_domain::kernel::error::Invalid;
use talk_domain::kernel::id::WebhookId;
use talk_domain::kernel::time::Timestamp;

use crate::request::Request;
use crate::{id, time};

/// Creates an endpoint.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("required" = ["uri"]))]
pub struct CreateWebhook {
    /// Address: `https://…`, without a username and a fragment.
    #[serde(default)]
    #[schemars(required, extend("maxLength" = 2048))]
    pub uri: Option<String>,
    /// Method of the requests; `POST` if it is absent.
    #[serde(default)]
    #[schemars(extend("enum" = ["POST", "PUT", "GET", "DELETE", null]))]
    pub method: Option<String>,
    /// Types of events, with `*` for any characters; empty or absent for all. At most 32.
    #[serde(default)]
    pub events: Option<Vec<String>>,
    /// Only events of this chat; `""` or absent for all chats.
    #[serde(default)]
    #[schemars(extend("maxLength" = 36))]
    pub chat_id: Option<String>,
    /// Whether it gets events; `true` if it is absent.
    #[serde(default)]
    pub enabled: Option<bool>,
    /// `chat` (default) or `none`.
    #[serde(default)]
    #[schemars(extend("enum" = ["chat", "none", null]))]
    pub order: Option<String>,
}

impl CreateWebhook {
    /// The settings of the new endpoint.
    ///
    /// # Errors
    /// Names the field.
    pub fn wanted(self) -> Result<Wanted, Invalid> {
        if self.uri.is_none() {
            return Err(Invalid::new("uri", "FIELD_REQUIRED", "is required"));
        }
        let settings = UpdateWebhook {
            uri: self.uri,
            method: self.method,
            events: self.events,
            chat_id: self.chat_id,
            enabled: self.enabled,
            order: self.order,
        };
        settings.over(Wanted::everything_to(String::new()))
    }
}

impl Request for CreateWebhook {
    const REFUSALS: &'static [&'static str] = &[
        "EVENT_PATTERN_INVALID",
        "FIELD_REQUIRED",
        "INVALID_ID",
        "LIMIT_EXCEEDED",
        "WEBHOOK_METHOD_INVALID",
        "WEBHOOK_ORDER_INVALID",
        "WEBHOOK_URI_INVALID",
    ];
}

/// Changes an endpoint: what is absent stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct UpdateWebhook {
    /// Address: `https://…`, without a username and a fragment.
    #[serde(default)]
    #[schemars(extend("maxLength" = 2048))]
    pub uri: Option<String>,
    /// Method of the requests.
    #[serde(default)]
    #[schemars(extend("enum" = ["POST", "PUT", "GET", "DELETE", null]))]
    pub method: Option<String>,
    /// Types of events, with `*` for any characters; empty for all. At most 32.
    #[serde(default)]
    pub events: Option<Vec<String>>,
    /// Only events of this chat; `""` for all chats.
    #[serde(default)]
    #[schemars(extend("maxLength" = 36))]
    pub chat_id: Option<String>,
    /// Whether it gets events.
    #[serde(default)]
    pub enabled: Option<bool>,
    /// `chat` or `none`.
    #[serde(default)]
    #[schemars(extend("enum" = ["chat", "none", null]))]
    pub order: Option<String>,
}

impl UpdateWebhook {
    /// The settings of an endpoint that is changed.
    ///
    /// # Errors
    /// Names the field.
    pub fn change(self, webhook: &Webhook) -> Result<Wanted, Invalid> {
        self.over(Wanted {
            uri: webhook.uri.clone(),
            method: webhook.method,
            events: webhook.events.clone(),
            stream: webhook.stream,
            is_enabled: webhook.is_enabled(),
            order: webhook.order,
        })
    }

    fn over(self, before: Wanted) -> Result<Wanted, Invalid> {
        let method = self.method.as_deref();
        let method = method.map(|name| Method::parse("method", name));
        let order = self.order.as_deref().map(DeliveryOrder::parse);
        let stream = match &self.chat_id {
            Some(chat) => id::parse_optional("chat_id", Some(chat))?,
            None => before.stream,
        };
        Ok(Wanted {
            uri: self.uri.unwrap_or(before.uri),
            method: method.transpose()?.unwrap_or(before.method),
            events: self.events.map_or(Ok(before.events), EventFilter::new)?,
            stream,
            is_enabled: self.enabled.unwrap_or(before.is_enabled),
            order: order.transpose()?.unwrap_or(before.order),
        })
    }
}

impl Request for UpdateWebhook {
    const REFUSALS: &'static [&'static str] = &[
        "EVENT_PATTERN_INVALID",
        "INVALID_ID",
        "LIMIT_EXCEEDED",
        "WEBHOOK_METHOD_INVALID",
        "WEBHOOK_ORDER_INVALID",
        "WEBHOOK_URI_INVALID",
    ];
}

/// Changes the customer: where its events are sent.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct UpdateCustomer {
    /// Method of the requests.
    #[serde(default)]
    #[schemars(extend("enum" = ["POST", "PUT", "GET", "DELETE", "", null]))]
    pub webhook_method: Option<String>,
    /// Address; `""` for none.
    #[serde(default)]
    #[schemars(extend("maxLength" = 2048))]
    pub webhook_uri: Option<String>,
}

impl UpdateCustomer {
    /// The method, if one is named.
    ///
    /// # Errors
    /// `WEBHOOK_METHOD_INVALID`.
    pub fn method(&self) -> Result<Option<Method>, Invalid> {
        let name = self.webhook_method.as_deref();
        let name = name.filter(|name| !name.is_empty());
        name.map(|name| Method::parse("webhook_method", name))
            .transpose()
    }
}

impl Request for UpdateCustomer {
    const REFUSALS: &'static [&'static str] = &[
        "LIMIT_EXCEEDED",
        "WEBHOOK_METHOD_INVALID",
        "WEBHOOK_URI_INVALID",
    ];
}

/// Which deliveries a replay sends again.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Selection {
    /// `failed` or `dead`.
    State(String),
    /// Ids.
    Ids(Vec<String>),
}

/// Sends deliveries again.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct ReplayWebhook {
    /// Deliveries created at or after this time.
    #[serde(default)]
    #[schemars(extend("maxLength" = 64))]
    pub from: Option<String>,
    /// Deliveries created before this time.
    #[serde(default)]
    #[schemars(extend("maxLength" = 64))]
    pub until: Option<String>,
    /// `dead`; `failed` for those that wait for their next request, which is made now; or a list of
    /// ids. Without it: those that have ended, delivered ones too.
    #[serde(default)]
    #[schemars(schema_with = "selection")]
    pub only: Option<Selection>,
}

fn selection(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": ["string", "array", "null"],
        "maxLength": 6,
        "items": {"type": "string", "format": "uuid"},
    })
}

impl ReplayWebhook {
    /// The command.
    ///
    /// # Errors
    /// Names the field.
    pub fn command(self, webhook: WebhookId) -> Result<Replay, Invalid> {
        let only = match self.only {
            None => Only::Ended,
            Some(Selection::State(state)) if state == "failed" => Only::Failed,
            Some(Selection::State(state)) if state == "dead" => Only::Dead,
            Some(Selection::State(_)) => {
                let message = "must be failed, dead or a list of ids";
                return Err(Invalid::new("only", "REPLAY_INVALID", message));
            }
            Some(Selection::Ids(ids)) => {
                let ids = ids.iter().enumerate();
                let ids = ids.map(|(place, text)| id::parse(&format!("only[{place}]"), text));
                Only::Named(ids.collect::<Result<_, _>>()?)
            }
        };
        let instant = |field: &'static str, text: Option<String>, default: Timestamp| match text {
            None => Ok(default),
            Some(text) => time::parse(&text)
                .map_err(|error| Invalid::new(field, "TIME_INVALID", error.to_string())),
        };
        Ok(Replay {
            webhook,
            from: instant("from", self.from, Timestamp::EARLIEST)?,
            until: instant("until", self.until, Timestamp::LATEST)?,
            only,
        })
    }
}

impl Request for ReplayWebhook {
    const REFUSALS: &'static [&'static str] = &[
        "INVALID_ID",
        "LIMIT_EXCEEDED",
        "REPLAY_INVALID",
        "TIME_INVALID",
    ];
}
