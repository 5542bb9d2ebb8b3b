//! Examples of intercepts.

use talk_wire::resource::{Decision, Held, HeldMessage, Intercept};

use super::{ALICE, CHAT, CUSTOMER, DECISION, TIME};
use crate::endpoint::Resource;

/// An intercept; `secret` only in the answer to its creation.
pub(crate) fn intercept(secret: Option<&str>) -> Intercept {
    Intercept {
        point: "talk_message".to_owned(),
        customer_id: CUSTOMER.to_owned(),
        uri: "https://hooks.example.com/moderate".to_owned(),
        timeout_ms: 1_500,
        on_error: "allow".to_owned(),
        enabled: true,
        secret: secret.map(str::to_owned),
        tm_create: TIME.to_owned(),
        tm_update: TIME.to_owned(),
    }
}

impl Resource for Intercept {
    const ONE: &'static str = "The intercept.";
    const MANY: &'static str = "";

    fn example() -> Self {
        intercept(None)
    }
}

impl Resource for Decision {
    const ONE: &'static str = "";
    const MANY: &'static str = "A page of decisions.";

    fn example() -> Self {
        Self {
            id: DECISION.to_owned(),
            actor_id: ALICE.to_owned(),
            chat_id: CHAT.to_owned(),
            decision: "block".to_owned(),
            reason: "mind your language".to_owned(),
            digest_before: "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"
                .to_owned(),
            digest_after: String::new(),
            latency_ms: 12,
            decided_by: String::new(),
            tm_create: TIME.to_owned(),
        }
    }
}

impl Resource for Held {
    const ONE: &'static str = "The state of the message.";
    const MANY: &'static str = "";

    fn example() -> Self {
        Self::dropped(DECISION.to_owned())
    }
}

impl Resource for HeldMessage {
    const ONE: &'static str = "The held message.";
    const MANY: &'static str = "A page of held messages.";

    fn example() -> Self {
        Self {
            id: DECISION.to_owned(),
            actor_id: ALICE.to_owned(),
            chat_id: CHAT.to_owned(),
            message_id: String::new(),
            parent_id: String::new(),
            text: Some("Call me at 555-0100".to_owned()),
            medias: Some(Vec::new()),
            reason: "a phone number".to_owned(),
            tm_create: TIME.to_owned(),
        }
    }
}
