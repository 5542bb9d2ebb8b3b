//! Examples of webhooks.

use talk_wire::resource::{Delivery, DeliveryAttempt, Replayed, Webhook};

use super::{CHAT, CUSTOMER, TIME, WEBHOOK};
use crate::endpoint::Resource;

/// As it is listed; `secret` only in the answers to its creation and rotation.
pub(crate) fn webhook(secret: Option<&str>) -> Webhook {
    Webhook {
        id: WEBHOOK.to_owned(),
        customer_id: CUSTOMER.to_owned(),
        uri: "https://hooks.example.com/talk".to_owned(),
        method: "POST".to_owned(),
        events: vec!["chatmessage_*".to_owned()],
        chat_id: String::new(),
        enabled: true,
        disabled_reason: String::new(),
        order: "chat".to_owned(),
        secret: secret.map(str::to_owned),
        tm_failing: String::new(),
        tm_create: TIME.to_owned(),
        tm_update: TIME.to_owned(),
        tm_delete: String::new(),
    }
}

impl Resource for Webhook {
    const ONE: &'static str = "The webhook.";
    const MANY: &'static str = "A page of webhooks.";

    fn example() -> Self {
        webhook(None)
    }
}

impl Resource for Delivery {
    const ONE: &'static str = "The delivery.";
    const MANY: &'static str = "A page of deliveries.";

    fn example() -> Self {
        Self {
            id: WEBHOOK.to_owned(),
            webhook_id: WEBHOOK.to_owned(),
            event_id: "evt_0190c1a2_018d172f8f2b7c3e9d4a5b6c7d8e9f01_121".to_owned(),
            kind: "chatmessage_created".to_owned(),
            chat_id: CHAT.to_owned(),
            status: "failed".to_owned(),
            attempts: vec![DeliveryAttempt {
                tm: TIME.to_owned(),
                http_status: 500,
                latency_ms: 41,
                error: "answered 500".to_owned(),
                answer: "oops".to_owned(),
            }],
            tm_next: TIME.to_owned(),
            tm_create: TIME.to_owned(),
        }
    }
}

impl Resource for Replayed {
    const ONE: &'static str = "How many are sent again.";
    const MANY: &'static str = "";

    fn example() -> Self {
        Self { replayed: 3 }
    }
}
