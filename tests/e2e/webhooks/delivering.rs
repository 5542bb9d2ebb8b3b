//! Events arrive at receivers: once at least, signed, in order.

use std::collections::BTreeMap;

use serde_json::json;

use super::receiver::{Received, Receiver, status};
use super::{WEBHOOKS, deliveries, of, server_for, server_with, webhook};

/// The numbers of the texts that a receiver got, by chat.
fn texts(receiver: &Receiver) -> BTreeMap<String, Vec<String>> {
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for request in receiver.all() {
        let body = request.json();
        if body["type"] == "chatmessage_created" && body["data"]["type"] == "normal" {
            let chat = body["data"]["chat_id"].as_str().expect("a chat").to_owned();
            let text = body["data"]["text"].as_str().expect("a text").to_owned();
            texts.entry(chat).or_default().push(text);
        }
    }
    texts
}

/// HOOK-02 and HOOK-07: the body is the resource that the caller got.
#[tokio::test(flavor = "multi_thread")]
async fn what_happens_is_delivered_signed_and_in_order() {
    let (receiver, other) = (Receiver::start(), Receiver::start());
    let server = server_for(&[&receiver, &other]).await;
    let (admin, [alice]) = (server.admin().await, server.agents(["alice"]).await);
    let before = alice.chat("group", &[]).await;
    alice.say(&before, "before").await;
    let made = webhook(&admin, &receiver).await;
    let body = json!({"uri": other.url(), "events": ["chat_*"], "method": "PUT"});
    admin.post(WEBHOOKS, body).await.ok();
    let chat = alice.chat("group", &[]).await;
    let first = alice.say(&chat, "0").await;
    for n in 1..20 {
        alice.say(&chat, &n.to_string()).await;
    }
    deliveries(&admin, &made, ("delivered", 22)).await;
    let expected: Vec<_> = (0..20).map(|n| n.to_string()).collect();
    let id = chat["id"].as_str().expect("an id").to_owned();
    assert_eq!(texts(&receiver), [(id, expected)].into());
    let requests = receiver.all();
    let kinds: Vec<_> = requests
        .iter()
        .map(|one| one.json()["type"].clone())
        .collect();
    let kinds: Vec<_> = kinds
        .iter()
        .take(3)
        .map(|kind| kind.as_str().expect("a type"))
        .collect();
    assert_eq!(
        kinds,
        [
            "chat_created",
            "chatparticipant_added",
            "chatmessage_created"
        ]
    );
    assert_eq!(
        requests[2].json(),
        json!({"type": "chatmessage_created", "data": first})
    );
    let narrow = other.received(1).await;
    assert_eq!((&*narrow[0].method, narrow.len()), ("PUT", 1));
    assert_eq!(
        narrow[0].header("webhook-id"),
        requests[0].header("webhook-id")
    );
}

/// HOOK-07: a failing event holds back its own chat only.
#[tokio::test(flavor = "multi_thread")]
async fn a_failing_event_holds_back_its_own_chat_and_no_other() {
    let receiver = Receiver::start();
    let server = server_for(&[&receiver]).await;
    let (admin, [alice]) = (server.admin().await, server.agents(["alice"]).await);
    let (stuck, free) = (
        alice.chat("group", &[]).await,
        alice.chat("group", &[]).await,
    );
    let made = webhook(&admin, &receiver).await;
    receiver.answers(|request| {
        let is_poison = request.body.contains("poison");
        status(if is_poison { 500 } else { 200 })
    });
    alice.say(&stuck, "poison").await;
    alice.say(&stuck, "after").await;
    alice.say(&free, "free").await;
    deliveries(&admin, &made, ("dead", 1)).await;
    deliveries(&admin, &made, ("delivered", 2)).await;
    let texts: Vec<_> = receiver
        .all()
        .iter()
        .map(|one| one.json()["data"]["text"].clone())
        .collect();
    let place = |text: &str| texts.iter().position(|one| one == text).expect("a text");
    assert_eq!(
        texts.iter().filter(|text| *text == "poison").count(),
        3,
        "{texts:?}"
    );
    assert!(place("free") < place("after"), "{texts:?}");
    assert_eq!(place("after"), texts.len() - 1, "{texts:?}");
}

/// HOOK-07: endpoints that do not answer delay neither others of their customer nor other customers.
#[tokio::test(flavor = "multi_thread")]
async fn endpoints_that_do_not_answer_delay_no_other() {
    let (silent, own, other) = (Receiver::start(), Receiver::start(), Receiver::start());
    // Until the end of the test.
    let (answer, asked) = std::sync::mpsc::channel::<()>();
    silent.answers(move |_| {
        let _ = asked.recv();
        status(500)
    });
    let patient = [("TALK_WEBHOOK_TIMEOUT_MS", "120000")];
    let server = server_with(&[&silent, &own, &other], &patient).await;
    let (admin, [alice]) = (server.admin().await, server.agents(["alice"]).await);
    let (foreign, [carol]) = server.customer("other", ["carol"]).await;
    // Together they take most of the requests that one customer may have under way.
    for _ in 0..3 {
        webhook(&admin, &silent).await;
    }
    webhook(&admin, &own).await;
    webhook(&foreign, &other).await;
    let mut chats = Vec::new();
    for _ in 0..10 {
        chats.push(alice.chat("group", &[]).await);
    }
    let theirs = carol.chat("group", &[]).await;
    for chat in &chats {
        alice.say(chat, "hello").await;
        carol.say(&theirs, "hello").await;
    }
    let said = |requests: Vec<Received>| {
        let texts = requests
            .iter()
            .map(|one| one.json()["data"]["text"].clone());
        texts.filter(|text| text == "hello").count()
    };
    // Each chat has two events before the message.
    assert_eq!(said(own.received(30).await), 10);
    assert_eq!(said(other.received(12).await), 10);
    drop(answer);
}

/// HOOK-07: at least once and in order, whatever crashes.
#[tokio::test(flavor = "multi_thread")]
async fn no_event_is_lost_when_the_server_is_killed() {
    let receiver = Receiver::start();
    let mut server = server_for(&[&receiver]).await;
    let (admin, [alice]) = (server.admin().await, server.agents(["alice"]).await);
    webhook(&admin, &receiver).await;
    let chats = [
        alice.chat("group", &[]).await,
        alice.chat("group", &[]).await,
    ];
    for round in 0..5 {
        for n in 0..10 {
            for chat in &chats {
                alice.say(chat, &format!("{:03}", round * 10 + n)).await;
            }
        }
        server.kill_and_restart().await;
    }
    let expected: Vec<_> = (0..50).map(|n| format!("{n:03}")).collect();
    // The last ones may not be read from the log yet: then there is nothing pending either.
    let has_all = || {
        let texts = texts(&receiver);
        texts.len() == 2 && texts.values().all(|got| got.last() == expected.last())
    };
    for _ in 0..3_000 {
        if has_all() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert!(has_all(), "{:?}", texts(&receiver));
    for (chat, mut got) in texts(&receiver) {
        assert!(got.is_sorted(), "{chat}: {got:?}");
        got.dedup();
        assert_eq!(got, expected, "{chat}");
    }
    let mut seen = BTreeMap::new();
    for request in receiver.all() {
        let known = seen
            .entry(request.header("webhook-id").to_owned())
            .or_insert(request.body.clone());
        assert_eq!(*known, request.body, "the same event has the same body");
    }
}

/// HOOK-09: a message that is deleted meanwhile arrives as a tombstone.
#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_message_arrives_without_its_text() {
    let receiver = Receiver::start();
    receiver.answers(|_| status(500));
    let server = server_for(&[&receiver]).await;
    let (admin, [alice]) = (server.admin().await, server.agents(["alice"]).await);
    let chat = alice.chat("group", &[]).await;
    let made = webhook(&admin, &receiver).await;
    let said = alice.say(&chat, "a secret").await;
    deliveries(&admin, &made, ("dead", 1)).await;
    receiver.answers(|_| status(200));
    let path = format!(
        "/v1.0/service_agents/talk_messages/{}",
        said["id"].as_str().expect("an id")
    );
    alice.delete(&path).await.ok();
    admin
        .post(&of(&made, "/replay"), json!({"only": "dead"}))
        .await
        .ok();
    // The message, and the event of its deletion.
    deliveries(&admin, &made, ("delivered", 2)).await;
    let requests = receiver.all();
    let data = &requests
        .iter()
        .rfind(|one| one.json()["type"] == "chatmessage_created")
        .expect("it")
        .json()["data"];
    assert_eq!((&data["text"], &data["id"]), (&json!(""), &said["id"]));
}

/// HOOK-03.
#[tokio::test(flavor = "multi_thread")]
async fn the_customer_has_an_address_of_its_own() {
    let receiver = Receiver::start();
    let server = server_for(&[&receiver]).await;
    let (admin, [alice]) = (server.admin().await, server.agents(["alice"]).await);
    assert_eq!(admin.get("/v1.0/customer").await.ok()["webhook_uri"], "");
    let body = json!({"webhook_method": "POST", "webhook_uri": receiver.url()});
    alice
        .put("/v1.0/customer", body.clone())
        .await
        .refused(403, "PERMISSION_DENIED");
    let customer = admin.put("/v1.0/customer", body).await.ok();
    assert_eq!(customer["webhook_uri"], receiver.url());
    assert_eq!(admin.get("/v1.0/customer").await.ok(), customer);
    assert_eq!(alice.get("/v1.0/customer").await.ok()["webhook_uri"], "");
    alice.chat("group", &[]).await;
    let requests = receiver.received(2).await;
    assert_eq!(requests[0].json()["type"], "chat_created");
    let listed = admin.get(WEBHOOKS).await.rows();
    assert_eq!(
        (listed.len(), &listed[0]["uri"]),
        (1, &json!(receiver.url()))
    );
    let none = admin
        .put("/v1.0/customer", json!({"webhook_uri": ""}))
        .await
        .ok();
    assert_eq!(
        (&none["webhook_uri"], &none["webhook_method"]),
        (&json!(""), &json!(""))
    );
    assert!(admin.get(WEBHOOKS).await.rows().is_empty());
}

/// HOOK-20: an endpoint that is enabled again gets what it missed, in the order of the chat.
#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_is_enabled_again_gets_what_it_missed() {
    let receiver = Receiver::start();
    let server = server_for(&[&receiver]).await;
    let (admin, [alice]) = (server.admin().await, server.agents(["alice"]).await);
    let chat = alice.chat("group", &[]).await;
    let made = webhook(&admin, &receiver).await;
    alice.say(&chat, "0").await;
    deliveries(&admin, &made, ("delivered", 1)).await;
    let enable = async |is_enabled: bool| {
        let body = json!({"enabled": is_enabled});
        let changed = admin.put(&of(&made, ""), body).await.ok();
        assert_eq!(changed["enabled"], is_enabled);
    };
    for round in 0..3 {
        enable(false).await;
        for n in 1..=100 {
            alice.say(&chat, &(round * 101 + n).to_string()).await;
        }
        enable(true).await;
        alice.say(&chat, &(round * 101 + 101).to_string()).await;
    }
    deliveries(&admin, &made, ("delivered", 100)).await;
    let id = chat["id"].as_str().expect("an id").to_owned();
    let expected: Vec<_> = (0..=303).map(|n| n.to_string()).collect();
    for _ in 0..3_000 {
        if texts(&receiver)
            .get(&id)
            .is_some_and(|got| got.len() >= expected.len())
        {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(texts(&receiver), [(id, expected)].into());
}
