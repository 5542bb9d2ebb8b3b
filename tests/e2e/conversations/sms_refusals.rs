//! SMS that the provider or the person outside refuses.

use serde_json::{Value, json};

use super::sms::{TOKEN, answer, conversations, delivered, receives, server_for, twilio};
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
