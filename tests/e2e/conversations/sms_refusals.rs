//! SMS that the provider or the person outside refuses.

use serde_json::{Value, json};
use talk_testkit::harness::{Client, Server};

use super::sms::{TOKEN, answer, conversations, delivered, hook, receives, server_for, twilio};
use super::{ACCOUNTS, CONVERSATIONS, text};
use crate::webhooks::receiver::Receiver;

/// CONV-37: the account shows why it is refused, until it is used with success.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_the_provider_refuses_shows_its_problem() {
    let provider = Receiver::start();
    let refused = json!({"code": 20003, "message": format!("no {TOKEN}")});
    let server = server_for(&provider).await;
    let admin = server.admin().await;
    let account = twilio(&admin, &provider).await;
    let path = format!("{ACCOUNTS}/{}", text(&account, "id"));
    assert_eq!(account["problem"], Value::Null);
    receives(&server, &account, ("SM1", "+15550199", "Hello")).await;
    let conversation = conversations(&admin, 1).await.remove(0);
    let messages = format!("{CONVERSATIONS}/{}/messages", text(&conversation, "id"));
    let fails = async |status: u16| {
        let refused = refused.clone();
        provider.answers(move |_| answer(status, &refused));
        let sent = admin.post(&messages, json!({"text": "Hi"})).await.ok();
        delivered(&admin, &sent, "failed").await;
        admin.get(&path).await.ok()["problem"].clone()
    };
    for status in [401, 403] {
        let problem = fails(status).await;
        assert_eq!(
            (&problem["code"], &problem["reason"]),
            (&json!("20003"), &json!("no ***"))
        );
        let checked = admin.post(&format!("{path}/check"), json!({})).await.ok();
        assert_eq!(
            (&checked["ok"], &admin.get(&path).await.ok()["problem"]),
            (&json!(false), &problem)
        );
        provider.answers(|_| answer(200, &json!({})));
        let checked = admin.post(&format!("{path}/check"), json!({})).await.ok();
        assert_eq!(
            (&checked["ok"], &admin.get(&path).await.ok()["problem"]),
            (&json!(true), &Value::Null)
        );
    }
    assert_ne!(fails(401).await, Value::Null);
    let renewed = admin.put(&path, json!({"token": TOKEN})).await.ok();
    assert_eq!(renewed["problem"], Value::Null);
    assert_ne!(fails(401).await, Value::Null);
    provider.answers(|_| answer(201, &json!({"sid": "SM9"})));
    let sent = admin.post(&messages, json!({"text": "Hi"})).await.ok();
    delivered(&admin, &sent, "accepted").await;
    assert_eq!(admin.get(&path).await.ok()["problem"], Value::Null);
}

/// Waits until a conversation shows an opt-out, or none.
async fn opted_out(admin: &Client, conversation: &str, is_opted_out: bool) {
    for _ in 0..3_000 {
        let shown = admin.get(conversation).await.ok();
        if text(&shown, "tm_opt_out").is_empty() != is_opted_out {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("{:#}", admin.get(conversation).await.ok());
}

/// CONV-38: nothing is sent after STOP, not even what waited, until START.
#[tokio::test(flavor = "multi_thread")]
async fn a_person_stops_messages_and_starts_them_again() {
    let provider = Receiver::start();
    provider.answers(|_| answer(503, &json!({})));
    let server = server_for(&provider).await;
    let admin = server.admin().await;
    let account = twilio(&admin, &provider).await;
    let says = async |sid: &str, body: &str| {
        receives(&server, &account, (sid, "+15550199", body)).await;
    };
    says("SM1", "Hello").await;
    let path = {
        let conversation = conversations(&admin, 1).await.remove(0);
        format!("{CONVERSATIONS}/{}", text(&conversation, "id"))
    };
    let messages = format!("{path}/messages");
    let write = async || admin.post(&messages, json!({"text": "Hi"})).await;
    let (first, second) = (write().await.ok(), write().await.ok());
    provider.received(1).await;
    says("SM2", " Stop\n").await;
    opted_out(&admin, &path, true).await;
    for waiting in [&first, &second] {
        let failed = delivered(&admin, waiting, "failed").await;
        assert_eq!(failed["failure"]["code"], "PEER_OPTED_OUT");
        assert_eq!(failed["failure"]["permanent"], true);
    }
    write().await.refused(409, "PEER_OPTED_OUT");
    let retry = format!("{messages}/{}/retry", text(&first, "id"));
    let again = admin.post(&retry, json!({})).await;
    again.refused(409, "PEER_OPTED_OUT");
    let tries = provider.all().len();
    let said = admin.get(&messages).await.rows();
    assert!(said.iter().any(|message| message["text"] == " Stop\n"));
    provider.answers(|_| answer(201, &json!({"sid": "SM9"})));
    says("SM3", "START").await;
    opted_out(&admin, &path, false).await;
    delivered(&admin, &write().await.ok(), "accepted").await;
    assert_eq!(provider.all().len(), tries + 1);
}

/// CONV-38: the provider knows of an opt-out that no message of ours shows.
#[tokio::test(flavor = "multi_thread")]
async fn an_opt_out_at_the_provider_blocks_the_room() {
    let provider = Receiver::start();
    provider.answers(|_| answer(400, &json!({"code": 21610, "message": "unsubscribed"})));
    let server = server_for(&provider).await;
    let admin = server.admin().await;
    let account = twilio(&admin, &provider).await;
    receives(&server, &account, ("SM1", "+15550199", "Hello")).await;
    let conversation = conversations(&admin, 1).await.remove(0);
    let path = format!("{CONVERSATIONS}/{}", text(&conversation, "id"));
    let messages = format!("{path}/messages");
    let sent = admin.post(&messages, json!({"text": "Hi"})).await.ok();
    let failed = delivered(&admin, &sent, "failed").await;
    assert_eq!(failed["failure"]["code"], "21610");
    opted_out(&admin, &path, true).await;
    receives(&server, &account, ("SM2", "+15550199", "yes")).await;
    opted_out(&admin, &path, false).await;
    provider.answers(|_| answer(201, &json!({"sid": "SM9"})));
    let sent = admin.post(&messages, json!({"text": "Hi"})).await.ok();
    delivered(&admin, &sent, "accepted").await;
    reported(&server, &account, &sent).await;
    opted_out(&admin, &path, true).await;
}

/// Reports that a message was refused for an opt-out.
async fn reported(server: &Server, account: &Value, sent: &Value) {
    let url = format!("{}?message={}", text(account, "hook_url"), text(sent, "id"));
    let fields = [
        ("MessageSid", "SM9"),
        ("MessageStatus", "failed"),
        ("ErrorCode", "21610"),
    ];
    assert_eq!(hook(server, &url, &fields).await.status, 200);
}
