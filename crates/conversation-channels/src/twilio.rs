//! Twilio: messages by HTTP, requests signed with HMAC-SHA1 over their URL and form.

use std::collections::BTreeMap;

use aws_lc_rs::hmac::{HMAC_SHA1_FOR_LEGACY_USE_ONLY, Key, verify};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use conversation_domain::delivery::report::Report;
use conversation_domain::delivery::settle::Outcome;
use conversation_domain::gateway::{Checked, HookRequest};
use conversation_domain::message::receive::Incoming;
use conversation_domain::model::address::{Address, AddressKind};
use conversation_domain::model::consent::Consent;
use conversation_domain::model::media::{MAX_MEDIAS, RemoteMedia};
use conversation_domain::model::message::Delivery;
use conversation_domain::receipt::take::Happening;
use serde_json::Value;
use talk_domain::kernel::future::BoxFuture;
use talk_domain::kernel::id::ConversationMessageId;
use talk_outgoing::{Method, Outgoing};
use url::{Url, form_urlencoded};

use crate::adapter::{Adapter, Opened, Outbound};
use crate::http::{Answers, Http};
use crate::verified::Verified;

/// Its address, unless the account names another one.
const BASE: &str = "https://api.twilio.com";

/// The field under which our id of a message is stored with a request. Twilio has no such field.
const OUR_ID: &str = "talk_message";

/// The code of messages to a person who wants none.
const OPT_OUT: &str = "21610";

/// An account at Twilio.
pub(crate) struct Twilio<'a> {
    opened: Opened<'a>,
    account_sid: &'a str,
    /// An address in place of Twilio's own; may be empty.
    base_url: &'a str,
}

impl<'a> Twilio<'a> {
    pub(crate) fn new(opened: Opened<'a>, account_sid: &'a str, base_url: &'a str) -> Self {
        let pair = format!("{account_sid}:{}", opened.token);
        let opened = Opened {
            credentials: STANDARD.encode(pair),
            ..opened
        };
        Self {
            opened,
            account_sid,
            base_url,
        }
    }
}

impl Twilio<'_> {
    fn base(&self) -> &str {
        if self.base_url.is_empty() {
            BASE
        } else {
            self.base_url.trim_end_matches('/')
        }
    }

    /// The address of the account there.
    fn address(&self) -> String {
        let base = self.base();
        let sid: String = form_urlencoded::byte_serialize(self.account_sid.as_bytes()).collect();
        format!("{base}/2010-04-01/Accounts/{sid}")
    }

    fn authorization(&self) -> String {
        format!("Basic {}", self.opened.credentials)
    }

    fn report(
        &self,
        id: &str,
        status: &str,
        fields: &BTreeMap<String, Vec<String>>,
    ) -> Option<Happening> {
        let delivery = match status {
            "accepted" | "scheduled" | "queued" | "sending" => Delivery::Accepted,
            "sent" => Delivery::Sent,
            "delivered" => Delivery::Delivered,
            "read" => Delivery::Read,
            "failed" | "undelivered" | "canceled" => Delivery::Failed,
            _ => return None,
        };
        let failure = (delivery == Delivery::Failed).then(|| {
            let [code, reason] = ["ErrorCode", "ErrorMessage"].map(|name| {
                let text = field(fields, name);
                if text.is_empty() { status } else { text }
            });
            self.opened.failure(code, reason, true)
        });
        let ours: Result<uuid::Uuid, _> = field(fields, OUR_ID).parse();
        Some(Happening::Report(Report {
            provider_id: id.to_owned(),
            message: ours.ok().map(ConversationMessageId),
            is_opt_out: failure
                .as_ref()
                .is_some_and(|failure| self.is_opt_out(&failure.code)),
            delivery,
            failure,
        }))
    }
}

/// The fields of a form, each with its values in order.
fn fields(form: &[u8]) -> BTreeMap<String, Vec<String>> {
    let mut fields = BTreeMap::<_, Vec<_>>::new();
    for (name, value) in form_urlencoded::parse(form) {
        let values = fields.entry(name.into_owned()).or_default();
        values.push(value.into_owned());
    }
    fields
}

/// The text that Twilio signs: the URL, then each field with each of its different values, in
/// alphabetical order.
fn signed(url: &str, fields: &BTreeMap<String, Vec<String>>) -> Vec<u8> {
    let mut signed = url.to_owned();
    for (name, values) in fields {
        let mut values: Vec<_> = values.iter().collect();
        values.sort();
        values.dedup();
        for value in values {
            signed.push_str(name);
            signed.push_str(value);
        }
    }
    signed.into_bytes()
}

/// The URL with the port of its scheme and without one: Twilio signs either.
fn spellings(url: &str) -> Vec<String> {
    let mut spellings = vec![url.to_owned()];
    let Ok(parsed) = Url::parse(url) else {
        return spellings;
    };
    let Some((before, after)) = url.split_once("://") else {
        return spellings;
    };
    let end = after.find(['/', '?', '#']).unwrap_or(after.len());
    let (authority, rest) = after.split_at(end);
    if let (None, Some(port)) = (parsed.port(), parsed.port_or_known_default()) {
        let suffix = format!(":{port}");
        let other = match authority.strip_suffix(&suffix) {
            Some(without) => format!("{before}://{without}{rest}"),
            None => format!("{before}://{authority}{suffix}{rest}"),
        };
        spellings.push(other);
    }
    spellings
}

impl Adapter for Twilio<'_> {
    fn verify(&self, request: &HookRequest) -> Option<Verified> {
        let essence = request.header("content-type").split(';').next()?.trim();
        let is_form = essence.eq_ignore_ascii_case("application/x-www-form-urlencoded");
        if self.opened.token.is_empty() || !is_form {
            return None;
        }
        let tag = STANDARD.decode(request.header("x-twilio-signature")).ok()?;
        let key = Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, self.opened.token.as_bytes());
        let fields = fields(&request.body);
        let is_signed = |url: &String| verify(&key, &signed(url, &fields), &tag).is_ok();
        if !spellings(&request.url).iter().any(is_signed) {
            return None;
        }
        let mut body = request.body.clone();
        let query = Url::parse(&request.url).ok()?;
        let ours = query.query_pairs().find(|(name, _)| name == "message");
        if let Some((_, id)) = ours {
            let mut pair = form_urlencoded::Serializer::new(String::new());
            body.push(b'&');
            body.extend_from_slice(pair.append_pair(OUR_ID, &id).finish().as_bytes());
        }
        Some(Verified::after_check(body))
    }

    fn event(&self, verified: &Verified) -> Option<String> {
        let fields = fields(verified.bytes());
        let id = field(&fields, "MessageSid");
        let status = field(&fields, "MessageStatus");
        match (id, status) {
            ("", _) => None,
            (id, "" | "received") => Some(id.to_owned()),
            (id, status) => Some(format!("{id}:{status}")),
        }
    }

    fn parse(&self, verified: &Verified) -> Result<Vec<Happening>, String> {
        let fields = fields(verified.bytes());
        let id = field(&fields, "MessageSid");
        if id.is_empty() {
            return Err("the form has no MessageSid".to_owned());
        }
        let status = field(&fields, "MessageStatus");
        if !matches!(status, "" | "received") {
            return Ok(self.report(id, status, &fields).into_iter().collect());
        }
        let (from, to) = (field(&fields, "From"), field(&fields, "To"));
        if from.is_empty() || to.is_empty() {
            return Err("the form has no From or no To".to_owned());
        }
        let account = self.opened.account;
        Ok(vec![Happening::Message(Incoming {
            account: account.id,
            event: id.to_owned(),
            own: Some(number(to, &account.name)),
            peer: number(from, ""),
            text: field(&fields, "Body").to_owned(),
            consent: match field(&fields, "OptOutType").to_ascii_lowercase().as_str() {
                "stop" => Some(Consent::Withdrawn),
                "start" => Some(Consent::Given),
                _ => None,
            },
            medias: medias(&fields),
        })])
    }

    fn carries_medias(&self) -> bool {
        true
    }

    fn media_headers(&self, url: &str) -> Vec<(&'static str, String)> {
        let own = format!("{}/", self.base());
        if url.starts_with(&own) {
            vec![("authorization", self.authorization())]
        } else {
            Vec::new()
        }
    }

    fn send<'a>(&'a self, http: &'a Http, message: &'a Outbound<'a>) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let uri = format!("{}/Messages.json", self.address());
            let outgoing = Outgoing {
                uri: &uri,
                method: Method::POST,
                headers: vec![
                    ("authorization", self.authorization()),
                    (
                        "content-type",
                        "application/x-www-form-urlencoded".to_owned(),
                    ),
                ],
                body: form(message),
            };
            http.submit(outgoing, &self.opened, self).await
        })
    }

    fn check<'a>(&'a self, http: &'a Http) -> BoxFuture<'a, Checked> {
        Box::pin(async move {
            let uri = format!("{}.json", self.address());
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

impl Answers for Twilio<'_> {
    fn has_key(&self) -> bool {
        false
    }

    fn ids(&self, answer: &Value) -> Vec<String> {
        let id = answer.get("sid").and_then(Value::as_str);
        id.map(str::to_owned).into_iter().collect()
    }

    fn refusal(&self, answer: &Value) -> Option<(String, String)> {
        let code = answer.get("code")?.as_u64()?;
        let reason = answer.get("message")?.as_str()?;
        Some((code.to_string(), reason.to_owned()))
    }

    fn is_opt_out(&self, code: &str) -> bool {
        code == OPT_OUT
    }
}

/// The form that sends a message.
fn form(message: &Outbound<'_>) -> String {
    let sender = if message.from.starts_with("MG") {
        "MessagingServiceSid"
    } else {
        "From"
    };
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("To", message.to)
        .append_pair(sender, message.from)
        .append_pair("Body", message.text);
    for media in message.medias {
        form.append_pair("MediaUrl", media);
    }
    if !message.hook_url.is_empty() {
        let url = format!("{}?message={}", message.hook_url, message.id);
        form.append_pair("StatusCallback", &url);
    }
    form.finish()
}

/// The medias of an incoming message.
fn medias(fields: &BTreeMap<String, Vec<String>>) -> Vec<RemoteMedia> {
    let count = field(fields, "NumMedia").parse().unwrap_or(0);
    let media = |n: usize| RemoteMedia {
        url: field(fields, &format!("MediaUrl{n}")).to_owned(),
        mime: field(fields, &format!("MediaContentType{n}")).to_owned(),
    };
    let medias = (0..count).take(MAX_MEDIAS).map(media);
    medias.filter(|media| !media.url.is_empty()).collect()
}

/// The last value of a field; `""` if there is none.
fn field<'a>(fields: &'a BTreeMap<String, Vec<String>>, name: &str) -> &'a str {
    let values = fields.get(name);
    values
        .and_then(|values| values.last())
        .map_or("", String::as_str)
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
