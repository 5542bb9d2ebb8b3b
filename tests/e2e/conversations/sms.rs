//! SMS by Twilio, with a receiver in place of Twilio.

use aws_lc_rs::hmac::{HMAC_SHA1_FOR_LEGACY_USE_ONLY, Key, sign};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use talk_testkit::harness::{Answer, Client, Server};

use super::{ACCOUNTS, CONVERSATIONS, text};
use crate::webhooks::does_not_start_without_a_key;
use crate::webhooks::receiver::{Received, Receiver};

pub(super) const TOKEN: &str = "planted-token-6f1d";
pub(super) const KEY: &str = "a-key-of-the-tests-for-secrets-0123456789";
pub(super) const PUBLIC: &str = "https://talk.test";

/// A server that reaches this receiver as the provider.
pub(crate) async fn server_for(provider: &Receiver) -> Server {
    let port = provider.port.to_string();
    server_with(&[("TALK_PROVIDER_ALLOW_PORTS", &port)]).await
}

/// A server that reaches providers at this address, with further settings.
pub(super) async fn server_with(further: &[(&str, &str)]) -> Server {
    let mut settings = vec![
        ("TALK_SECRETS_KEY", KEY),
        ("TALK_PUBLIC_URL", PUBLIC),
        ("TALK_PROVIDER_ALLOW_HTTP", "true"),
        ("TALK_PROVIDER_ALLOW_NETWORKS", "127.0.0.0/8"),
        ("TALK_PROVIDER_TIMEOUT_SECONDS", "2"),
    ];
    settings.extend(further);
    Server::start_with(&settings).await
}

/// A whole answer of the provider.
pub(crate) fn answer(status: u16, body: &Value) -> String {
    let body = body.to_string();
    let length = body.len();
    format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n\r\n{body}")
}

/// An account of Twilio with the number +15550100.
pub(crate) async fn twilio(admin: &Client, provider: &Receiver) -> Value {
    let body = json!({"type": "sms", "name": "Support", "token": TOKEN, "provider_data": {
        "provider": "twilio", "account_sid": "AC1", "numbers": ["+15550100"],
        "base_url": format!("http://127.0.0.1:{}", provider.port),
    }});
    admin.post(ACCOUNTS, body).await.ok()
}

pub(super) fn encoded(fields: &[(&str, &str)]) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(fields).finish()
}

/// Sends a signed form to the hook, as Twilio does.
pub(crate) async fn hook(server: &Server, url: &str, fields: &[(&str, &str)]) -> Answer {
    signed_by(server, TOKEN, url, fields).await
}

/// Returns Twilio's signature of a form that is sent to this address.
pub(super) fn signature(token: &str, url: &str, fields: &[(&str, &str)]) -> String {
    let mut sorted = fields.to_vec();
    sorted.sort_unstable();
    let mut signed = url.to_owned();
    for (name, value) in sorted {
        signed.push_str(name);
        signed.push_str(value);
    }
    let key = Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, token.as_bytes());
    STANDARD.encode(sign(&key, signed.as_bytes()))
}

async fn signed_by(server: &Server, token: &str, url: &str, fields: &[(&str, &str)]) -> Answer {
    let path = url.strip_prefix(PUBLIC).expect("an address of the server");
    let request = server.anonymous().request(reqwest::Method::POST, path);
    let request = request
        .header("content-type", "application/x-www-form-urlencoded")
        .header("x-twilio-signature", signature(token, url, fields))
        .body(encoded(fields));
    Answer::to(request).await
}

pub(crate) async fn receives(
    server: &Server,
    account: &Value,
    (sid, from, body): (&str, &str, &str),
) {
    let fields = [
        ("MessageSid", sid),
        ("SmsStatus", "received"),
        ("From", from),
        ("To", "+15550100"),
        ("Body", body),
    ];
    let answered = hook(server, text(account, "hook_url"), &fields).await;
    assert_eq!(answered.status, 200);
}

/// Waits until there are `count` conversations.
pub(crate) async fn conversations(admin: &Client, count: usize) -> Vec<Value> {
    for _ in 0..3_000 {
        let rows = admin.get(CONVERSATIONS).await.rows();
        if rows.len() >= count {
            return rows;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("there are no {count} conversations");
}

/// Waits until a message has got as far as `delivery`.
pub(crate) async fn delivered(admin: &Client, message: &Value, delivery: &str) -> Value {
    let conversation = text(message, "conversation_id");
    let path = format!(
        "{CONVERSATIONS}/{conversation}/messages/{}",
        text(message, "id")
    );
    for _ in 0..3_000 {
        let now = admin.get(&path).await.ok();
        if now["delivery"] == delivery {
            return now;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("{:#}", admin.get(&path).await.ok());
}

pub(super) fn field(request: &Received, name: &str) -> String {
    let mut pairs = url::form_urlencoded::parse(request.body.as_bytes());
    let found = pairs.find(|(known, _)| known == name);
    found.map_or_else(String::new, |(_, value)| value.into_owned())
}

/// CONV-30, CONV-31, CONV-33, CONV-35 and CONV-36: a person writes, an admin answers, the provider takes
/// the answer and reports its delivery. The token is in nothing that the server shows.
#[tokio::test(flavor = "multi_thread")]
async fn a_person_and_an_agent_write_by_sms() {
    let provider = Receiver::start();
    provider.answers(|_| answer(201, &json!({"sid": "SM100", "status": "queued"})));
    let server = server_for(&provider).await;
    let admin = server.admin().await;
    let account = twilio(&admin, &provider).await;
    let hook_url = format!(
        "{PUBLIC}/v1.0/conversation/accounts/{}",
        text(&account, "id")
    );
    assert_eq!(account["hook_url"], *hook_url);
    assert!(!account.to_string().contains(TOKEN));
    receives(&server, &account, ("SM1", "+15550199", "Hello \u{1F600}")).await;
    let conversation = conversations(&admin, 1).await.remove(0);
    assert_eq!(conversation["type"], "message");
    assert_eq!(conversation["name"], "SMS \u{b7} +15550199");
    assert_eq!(conversation["self"]["target"], "+15550100");
    let messages = format!("{CONVERSATIONS}/{}/messages", text(&conversation, "id"));
    let said = admin.get(&messages).await.rows().remove(0);
    assert_eq!(
        (text(&said, "text"), text(&said, "status")),
        ("Hello \u{1F600}", "done")
    );
    assert_eq!(said["reference_id"], "SM1");
    let sent = admin
        .post(&messages, json!({"text": "Hi & bye"}))
        .await
        .ok();
    assert_eq!(
        (text(&sent, "delivery"), text(&sent, "status")),
        ("queued", "progressing")
    );
    let accepted = delivered(&admin, &sent, "accepted").await;
    assert_eq!(accepted["reference_id"], "SM100");
    let request = provider.received(1).await.remove(0);
    let fields = ["From", "To", "Body"].map(|name| field(&request, name));
    assert_eq!(fields, ["+15550100", "+15550199", "Hi & bye"]);
    let basic = format!("Basic {}", STANDARD.encode(format!("AC1:{TOKEN}")));
    assert_eq!(request.header("authorization"), basic);
    let callback = field(&request, "StatusCallback");
    assert_eq!(
        callback,
        format!("{hook_url}?message={}", text(&sent, "id"))
    );
    reports(&admin, &server, (&account, &sent, &callback)).await;
}

/// Reports that come in the wrong order leave the message delivered.
async fn reports(
    admin: &Client,
    server: &Server,
    (account, sent, callback): (&Value, &Value, &str),
) {
    for status in ["delivered", "sent"] {
        let report = [("MessageSid", "SM100"), ("MessageStatus", status)];
        assert_eq!(hook(server, callback, &report).await.status, 200);
    }
    let arrived = delivered(admin, sent, "delivered").await;
    assert_eq!(
        (text(&arrived, "status"), &arrived["failure"]),
        ("done", &Value::Null)
    );
    let receipts = format!("{ACCOUNTS}/{}/receipts", text(account, "id"));
    for _ in 0..3_000 {
        if admin
            .get(&format!("{receipts}?state=done"))
            .await
            .rows()
            .len()
            == 3
        {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(
        delivered(admin, sent, "delivered").await,
        arrived,
        "it never goes back"
    );
    let checked = admin
        .post(
            &format!("{ACCOUNTS}/{}/check", text(account, "id")),
            json!({}),
        )
        .await;
    assert_eq!(checked.ok()["ok"], true);
}

/// CONV-36: a request that the provider has not signed is refused, and nothing is stored.
#[tokio::test(flavor = "multi_thread")]
async fn a_forged_request_is_refused_and_stores_nothing() {
    let provider = Receiver::start();
    let server = server_for(&provider).await;
    let admin = server.admin().await;
    let account = twilio(&admin, &provider).await;
    let url = text(&account, "hook_url");
    let form = [
        ("MessageSid", "SM1"),
        ("From", "+1"),
        ("To", "+2"),
        ("Body", "forged"),
    ];
    for token in ["", "another-token"] {
        let refused = signed_by(&server, token, url, &form).await;
        refused.refused(401, "SIGNATURE_INVALID");
    }
    let elsewhere = format!("{url}?x=1");
    let refused = signed_by(&server, "", &elsewhere, &form).await;
    refused.refused(401, "SIGNATURE_INVALID");
    let receipts = format!("{ACCOUNTS}/{}/receipts", text(&account, "id"));
    assert!(admin.get(&receipts).await.rows().is_empty());
    // A signed request that cannot be read is kept and listed.
    let broken = [("MessageSid", "SM2"), ("To", "+15550100")];
    assert_eq!(hook(&server, url, &broken).await.status, 200);
    let failed = format!("{receipts}?state=failed");
    for _ in 0..3_000 {
        if !admin.get(&failed).await.rows().is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let row = admin.get(&failed).await.rows().remove(0);
    assert_eq!(
        (text(&row, "event_id"), text(&row, "state")),
        ("SM2", "failed")
    );
    assert!(text(&row, "error").contains("From"));
}

/// CONV-35: an event that comes 20 times at once is one message.
#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_comes_often_is_one_message() {
    let provider = Receiver::start();
    let server = server_for(&provider).await;
    let admin = server.admin().await;
    let account = twilio(&admin, &provider).await;
    let posts = (0..20).map(|_| receives(&server, &account, ("SM1", "+15550199", "once")));
    futures_util::future::join_all(posts).await;
    receives(&server, &account, ("SM2", "+15550199", "twice")).await;
    let conversation = conversations(&admin, 1).await.remove(0);
    let messages = format!(
        "{CONVERSATIONS}/{}/messages?order=asc",
        text(&conversation, "id")
    );
    for _ in 0..3_000 {
        let rows = admin.get(&messages).await.rows();
        if rows.len() > 1 {
            let texts: Vec<_> = rows.iter().map(|row| text(row, "text")).collect();
            assert_eq!(texts, ["once", "twice"]);
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the second message did not come");
}

/// CONV-32 and CONV-34: a provider that refuses, and one that answers late.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_refused_fails_and_is_sent_again() {
    let provider = Receiver::start();
    provider.answers(|_| {
        answer(
            400,
            &json!({"code": 21211, "message": format!("no {TOKEN}")}),
        )
    });
    let server = server_for(&provider).await;
    let admin = server.admin().await;
    let account = twilio(&admin, &provider).await;
    receives(&server, &account, ("SM1", "+15550199", "Hello")).await;
    let conversation = conversations(&admin, 1).await.remove(0);
    let messages = format!("{CONVERSATIONS}/{}/messages", text(&conversation, "id"));
    let sent = admin.post(&messages, json!({"text": "Hi"})).await.ok();
    let failed = delivered(&admin, &sent, "failed").await;
    let failure = json!({"code": "21211", "reason": "no ***", "permanent": true});
    assert_eq!(
        (text(&failed, "status"), &failed["failure"]),
        ("failed", &failure)
    );
    provider.answers(|_| answer(500, &json!({})));
    let retry = format!("{messages}/{}/retry", text(&sent, "id"));
    admin.post(&retry, json!({})).await.ok();
    let unknown = delivered(&admin, &sent, "unknown").await;
    assert_eq!(unknown["failure"]["code"], "500");
    let mut tries = 0;
    provider.answers(move |_| {
        tries += 1;
        if tries == 1 {
            return answer(503, &json!({}));
        }
        answer(201, &json!({"sid": "SM9"}))
    });
    admin.post(&retry, json!({})).await.ok();
    delivered(&admin, &sent, "accepted").await;
    assert_eq!(provider.all().len(), 4, "once, once, and twice");
    let refused = admin.post(&retry, json!({})).await;
    refused.refused(409, "MESSAGE_NOT_FAILED");
}

/// CONV-30.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_does_not_start_without_the_key_of_an_account() {
    let provider = Receiver::start();
    let mut server = server_for(&provider).await;
    twilio(&server.admin().await, &provider).await;
    server
        .restart_after(&[("TALK_SECRETS_KEY", KEY)], does_not_start_without_a_key)
        .await;
}
