//! Telnyx: messages by HTTP, requests signed with Ed25519 over their time and body.

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use conversation_domain::delivery::report::Report;
use conversation_domain::delivery::settle::Outcome;
use conversation_domain::gateway::{Checked, HookRequest};
use conversation_domain::message::receive::Incoming;
use conversation_domain::model::address::{Address, AddressKind};
use conversation_domain::model::media::{MAX_MEDIAS, RemoteMedia};
use conversation_domain::model::message::Delivery;
use conversation_domain::receipt::take::Happening;
use serde_json::{Value, json};
use talk_domain::kernel::future::BoxFuture;
use talk_outgoing::{Method, Outgoing};

use crate::adapter::{Adapter, Opened, Outbound};
use crate::http::{Answers, Http};
use crate::verified::Verified;

/// Its address, unless the account names another one.
const BASE: &str = "https://api.telnyx.com";

/// Seconds by which the time of a request may differ from ours.
const TOLERANCE: u64 = 300;

/// The code of messages to a person who wants none.
const OPT_OUT: &str = "40300";

/// An account at Telnyx.
pub(crate) struct Telnyx<'a> {
    pub(crate) opened: Opened<'a>,
    /// The key that signs requests to us, in base64.
    pub(crate) public_key: &'a str,
    /// An address in place of Telnyx' own; may be empty.
    pub(crate) base_url: &'a str,
}

impl Telnyx<'_> {
    fn base(&self) -> &str {
        if self.base_url.is_empty() {
            return BASE;
        }
        self.base_url.trim_end_matches('/')
    }

    fn authorization(&self) -> String {
        format!("Bearer {}", self.opened.token)
    }

    fn report(&self, id: &str, status: &str, payload: &Value) -> Option<Happening> {
        let delivery = match status {
            "queued" | "sending" => Delivery::Accepted,
            "sent" | "delivery_unconfirmed" => Delivery::Sent,
            "delivered" => Delivery::Delivered,
            "delivery_failed" | "sending_failed" | "expired" => Delivery::Failed,
            _ => return None,
        };
        let failure = (delivery == Delivery::Failed).then(|| {
            let unnamed = || (status.to_owned(), status.to_owned());
            let (code, reason) = error(payload).unwrap_or_else(unnamed);
            self.opened.failure(&code, &reason, true)
        });
        Some(Happening::Report(Report {
            provider_id: id.to_owned(),
            message: None,
            is_opt_out: failure
                .as_ref()
                .is_some_and(|failure| self.is_opt_out(&failure.code)),
            delivery,
            failure,
        }))
    }
}

impl Adapter for Telnyx<'_> {
    fn verify(&self, request: &HookRequest) -> Option<Verified> {
        let key = STANDARD.decode(self.public_key).ok()?;
        let time = request.header("telnyx-timestamp");
        let seconds: i64 = time.parse().ok()?;
        let now = request.now.as_micros().div_euclid(1_000_000);
        if key.len() != 32 || now.abs_diff(seconds) > TOLERANCE {
            return None;
        }
        let signature = STANDARD
            .decode(request.header("telnyx-signature-ed25519"))
            .ok()?;
        let signed = [time.as_bytes(), b"|", &request.body].concat();
        let key = UnparsedPublicKey::new(&ED25519, key);
        key.verify(&signed, &signature).ok()?;
        Some(Verified::after_check(request.body.clone()))
    }

    fn event(&self, verified: &Verified) -> Option<String> {
        let body: Value = serde_json::from_slice(verified.bytes()).ok()?;
        let id = body.pointer("/data/id")?.as_str()?;
        Some(id.to_owned())
    }

    fn parse(&self, verified: &Verified) -> Result<Vec<Happening>, String> {
        let body: Value =
            serde_json::from_slice(verified.bytes()).map_err(|error| error.to_string())?;
        let text = |path: &str| body.pointer(path).and_then(Value::as_str);
        let payload = body.pointer("/data/payload").unwrap_or(&Value::Null);
        match text("/data/event_type") {
            None => Err("the body has no data.event_type".to_owned()),
            Some("message.received") => {
                let found = (
                    text("/data/payload/id"),
                    text("/data/payload/from/phone_number"),
                    text("/data/payload/to/0/phone_number"),
                );
                let (Some(id), Some(from), Some(to)) = found else {
                    return Err("the payload has no id, from or to".to_owned());
                };
                let account = self.opened.account;
                Ok(vec![Happening::Message(Incoming {
                    account: account.id,
                    event: id.to_owned(),
                    own: Some(number(to, &account.name)),
                    peer: number(from, ""),
                    text: text("/data/payload/text").unwrap_or_default().to_owned(),
                    // It names no kind of opt-out: the words of SMS count.
                    consent: None,
                    medias: medias(payload),
                })])
            }
            Some("message.sent" | "message.finalized") => {
                let id = text("/data/payload/id").ok_or("the payload has no id")?;
                let status =
                    text("/data/payload/to/0/status").ok_or("the payload has no status")?;
                Ok(self.report(id, status, payload).into_iter().collect())
            }
            Some(_) => Ok(Vec::new()),
        }
    }

    fn carries_medias(&self) -> bool {
        true
    }

    fn send<'a>(&'a self, http: &'a Http, message: &'a Outbound<'a>) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let mut body = json!({
                "from": message.from,
                "to": message.to,
                "text": message.text,
            });
            if !message.medias.is_empty()
                && let Some(body) = body.as_object_mut()
            {
                body.insert("media_urls".to_owned(), json!(message.medias));
            }
            if !message.hook_url.is_empty()
                && let Some(body) = body.as_object_mut()
            {
                body.insert("webhook_url".to_owned(), json!(message.hook_url));
            }
            let uri = format!("{}/v2/messages", self.base());
            let outgoing = Outgoing {
                uri: &uri,
                method: Method::POST,
                headers: vec![
                    ("authorization", self.authorization()),
                    ("content-type", "application/json".to_owned()),
                    ("idempotency-key", message.key.to_owned()),
                ],
                body: body.to_string(),
            };
            http.submit(outgoing, &self.opened, self).await
        })
    }

    fn check<'a>(&'a self, http: &'a Http) -> BoxFuture<'a, Checked> {
        Box::pin(async move {
            let uri = format!("{}/v2/messaging_profiles?page%5Bsize%5D=1", self.base());
            let outgoing = Outgoing {
                uri: &uri,
                method: Method::GET,
                headers: vec![("authorization", self.authorization())],
                body: String::new(),
            };
            http.ask(outgoing, &self.opened, self).await
        })
    }
}

impl Answers for Telnyx<'_> {
    fn has_key(&self) -> bool {
        true
    }

    fn ids(&self, answer: &Value) -> Vec<String> {
        let id = answer.pointer("/data/id").and_then(Value::as_str);
        id.map(str::to_owned).into_iter().collect()
    }

    fn refusal(&self, answer: &Value) -> Option<(String, String)> {
        error(answer)
    }

    fn is_opt_out(&self, code: &str) -> bool {
        code == OPT_OUT
    }
}

/// The medias of an incoming message.
fn medias(payload: &Value) -> Vec<RemoteMedia> {
    let media = |media: &Value| {
        let text = |name: &str| media.get(name).and_then(Value::as_str);
        Some(RemoteMedia {
            url: text("url")?.to_owned(),
            mime: text("content_type").unwrap_or_default().to_owned(),
        })
    };
    let medias = payload.get("media").and_then(Value::as_array);
    let medias = medias.into_iter().flatten().filter_map(media);
    medias.take(MAX_MEDIAS).collect()
}

/// Code and reason of the first error in an answer or a payload.
fn error(value: &Value) -> Option<(String, String)> {
    let first = value.pointer("/errors/0")?;
    let code = first.get("code")?.as_str()?;
    let texts = ["title", "detail"].map(|name| first.get(name).and_then(Value::as_str));
    let reason: Vec<_> = texts.into_iter().flatten().collect();
    Some((code.to_owned(), reason.join(": ")))
}

fn number(target: &str, name: &str) -> Address {
    Address {
        kind: AddressKind::Tel,
        target: target.to_owned(),
        target_name: name.to_owned(),
    }
}

#[cfg(test)]
mod tests;
