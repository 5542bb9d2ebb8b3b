//! The deletion of single messages.

use futures_util::future::join_all;
use serde_json::{Value, json};
use talk_testkit::harness::{Answer, Client, Server, Socket};

use super::live::all;
use super::medias::{message, mms, upload};
use super::sms::{answer, conversations, delivered, field, hook, receives, server_for, twilio};
use super::{CONVERSATIONS, of, seen, text, visitor, web_chat, write};
use crate::erasure::out_of_all_files;
use crate::files::{stored, until};
use crate::webhooks::receiver::{Receiver, status};

/// Words of the messages that are deleted.
const WORDS: [&str; 2] = ["zebra-of-a-visitor", "zebra-of-an-agent"];

fn path(message: &Value) -> String {
    let [conversation, id] = ["conversation_id", "id"].map(|field| text(message, field));
    format!("{CONVERSATIONS}/{conversation}/messages/{id}")
}

/// The owner's two messages of a web chat, of which the first is the visitor's.
async fn both_speak(server: &Server, owner: &Client) -> [Value; 2] {
    let account = web_chat(&server.admin().await, &[]).await;
    let jo = visitor(server, &account).await;
    write(&jo, &account, (1, WORDS[0])).await.ok();
    let free = owner.get(&format!("{CONVERSATIONS}?owner_id=none")).await;
    let one = format!("{CONVERSATIONS}/{}", text(&free.rows()[0], "id"));
    owner.post(&format!("{one}/claim"), json!({})).await.ok();
    let (messages, body) = (format!("{one}/messages"), json!({"text": WORDS[1]}));
    owner
        .post_once("key-of-a-zebra", &messages, &body)
        .await
        .ok();
    let mut rows = owner.get(&messages).await.rows();
    rows.reverse();
    assert!(
        seen(&jo, &account, 0)
            .await
            .iter()
            .any(|(_, text)| text == WORDS[1])
    );
    rows.try_into().expect("two messages")
}

/// CONV-72: whoever takes part deletes messages of either side. They keep their place, and their texts are
/// nowhere any more.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_takes_part_deletes_messages() {
    let server = Server::start().await;
    let (admin, [alice, bob]) = (server.admin().await, server.agents(["alice", "bob"]).await);
    let both = both_speak(&server, &alice).await;
    let (stranger, []) = server.customer("other", []).await;
    let mut live = Socket::open(&admin).await;
    live.subscribe(&all(&admin)).await;
    for message in &both {
        let one = path(message);
        bob.delete(&one).await.refused(403, "PERMISSION_DENIED");
        stranger
            .delete(&one)
            .await
            .refused(404, "CONVERSATION_NOT_FOUND");
        let elsewhere = one.replace("/v1.0/", "/v1.0/service_agents/");
        let gone = alice.delete(&elsewhere).await.ok();
        assert_eq!((text(&gone, "text"), &gone["seq"]), ("", &message["seq"]));
        assert_ne!(gone["tm_delete"], "");
        assert_eq!(gone["author"], message["author"]);
        assert_eq!(admin.get(&one).await.ok(), gone);
        assert_eq!(admin.delete(&one).await.ok(), gone);
        let frame = live.next().await;
        assert_eq!(frame["type"], "conversation_message_deleted");
        assert_eq!(frame["data"]["id"], message["id"]);
    }
    let one = format!("{CONVERSATIONS}/{}", text(&both[0], "conversation_id"));
    let absent = format!("{one}/messages/{}", super::id(7));
    alice
        .delete(&absent)
        .await
        .refused(404, "MESSAGE_NOT_FOUND");
    let said = alice
        .post(&format!("{one}/messages"), json!({"text": "on"}))
        .await
        .ok();
    assert_eq!(
        live.next().await["data"]["id"],
        said["id"],
        "one event each"
    );
    let (messages, body) = (format!("{one}/messages"), json!({"text": WORDS[1]}));
    let replayed = alice
        .post_once("key-of-a-zebra", &messages, &body)
        .await
        .ok();
    assert_eq!(
        (&replayed["id"], text(&replayed, "text")),
        (&both[1]["id"], "")
    );
    server.operate(&["doctor"]);
    out_of_all_files(&server, &WORDS).await;
}

/// CONV-72: of deletions at once, one has an event.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_deleted_once() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let [first, _] = both_speak(&server, &alice).await;
    let one = path(&first);
    let answers = join_all((0..16).map(|_| alice.delete(&one))).await;
    let mut answers = answers.iter().map(Answer::ok);
    let gone = answers.next().expect("an answer");
    assert!(answers.all(|answer| answer == gone));
    let conversation = format!("{CONVERSATIONS}/{}", text(&first, "conversation_id"));
    let head = alice.get(&conversation).await.ok()["last_seq"].clone();
    assert_eq!(alice.delete(&one).await.ok(), gone);
    assert_eq!(alice.get(&conversation).await.ok()["last_seq"], head);
    let page = alice.get(&format!("{conversation}/messages")).await.rows();
    assert_eq!(page.len(), 2);
}

/// CONV-72: a deleted message that waits is not sent, cannot be sent again, and holds nothing up.
#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_message_is_not_sent() {
    let provider = Receiver::start();
    provider.answers(|_| answer(503, &json!({})));
    let server = server_for(&provider).await;
    let admin = server.admin().await;
    let account = twilio(&admin, &provider).await;
    receives(&server, &account, ("SM1", "+15550199", "Hello?")).await;
    let conversation = conversations(&admin, 1).await.remove(0);
    let messages = format!("{CONVERSATIONS}/{}/messages", text(&conversation, "id"));
    let wrong = admin.post(&messages, json!({"text": "a slip"})).await.ok();
    let right = admin.post(&messages, json!({"text": "meant"})).await.ok();
    provider.received(1).await;
    until(async || admin.get(&path(&wrong)).await.ok()["delivery"] == "queued").await;
    let gone = admin.delete(&path(&wrong)).await.ok();
    assert_eq!(gone["failure"]["code"], "MESSAGE_DELETED");
    let retry = format!("{}/retry", path(&wrong));
    admin
        .post(&retry, json!({}))
        .await
        .refused(409, "MESSAGE_NOT_FAILED");
    let before = provider.all().len();
    provider.answers(|_| answer(201, &json!({"sid": "SM2", "status": "queued"})));
    delivered(&admin, &right, "accepted").await;
    let sent = provider.all().split_off(before);
    assert!(sent.iter().all(|request| field(request, "Body") == "meant"));
    out_of_all_files(&server, &["a slip"]).await;
}

/// CONV-72 and CONV-33: a message that is deleted while it is sent is not sent again, whatever the provider
/// answers. Reports about it move its delivery, and bring nothing back.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_on_its_way_is_deleted() {
    let provider = Receiver::start();
    let server = server_for(&provider).await;
    let admin = server.admin().await;
    let account = twilio(&admin, &provider).await;
    receives(&server, &account, ("SM1", "+15550199", "Hello?")).await;
    let conversation = conversations(&admin, 1).await.remove(0);
    let messages = format!("{CONVERSATIONS}/{}/messages", text(&conversation, "id"));
    for (n, status, body) in [
        (0, 201, json!({"sid": "SM-on", "status": "queued"})),
        (1, 503, json!({})),
    ] {
        provider.answers(move |_| answer(status, &body));
        provider.hold(true);
        let word = format!("zebra-on-its-way-{n}");
        let before = provider.all().len();
        let sent = admin.post(&messages, json!({"text": word})).await.ok();
        let requests = provider.received(before + 1).await;
        let callback = field(requests.last().expect("a request"), "StatusCallback");
        let gone = admin.delete(&path(&sent)).await.ok();
        assert_eq!(
            (text(&gone, "text"), text(&gone, "delivery")),
            ("", "unknown")
        );
        let next = format!("SM-next-{n}");
        provider.answers(move |_| answer(201, &json!({"sid": next, "status": "queued"})));
        provider.hold(false);
        let next = admin.post(&messages, json!({"text": "next"})).await.ok();
        delivered(&admin, &next, "accepted").await;
        let bodies = provider.all().split_off(before);
        let bodies: Vec<_> = bodies.iter().map(|one| field(one, "Body")).collect();
        assert_eq!(bodies, [&*word, "next"]);
        let id = format!("SM-late-{n}");
        let report = [("MessageSid", &*id), ("MessageStatus", "delivered")];
        assert_eq!(hook(&server, &callback, &report).await.status, 200);
        let reported = delivered(&admin, &sent, "delivered").await;
        assert_eq!(
            (text(&reported, "text"), &reported["medias"]),
            ("", &json!([]))
        );
        assert_eq!(reported["tm_delete"], gone["tm_delete"]);
        assert_eq!(admin.delete(&path(&sent)).await.ok(), reported);
        let retry = format!("{}/retry", path(&sent));
        let refused = admin.post(&retry, json!({})).await;
        refused.refused(409, "MESSAGE_NOT_FAILED");
    }
    server.operate(&["doctor"]);
    let words = ["zebra-on-its-way-0", "zebra-on-its-way-1"];
    out_of_all_files(&server, &words).await;
}

/// CONV-72: medias of a deleted message are not fetched any more, and those fetched are removed.
#[tokio::test(flavor = "multi_thread")]
async fn medias_of_a_deleted_message_are_gone() {
    let provider = Receiver::start();
    provider.answers(|request| {
        let is_other = request.header("host").starts_with("localhost");
        if is_other {
            status(503)
        } else {
            answer(200, &json!({}))
        }
    });
    let server = server_for(&provider).await;
    let admin = server.admin().await;
    let account = twilio(&admin, &provider).await;
    mms(&server, &account, (&provider, "MM1")).await;
    until(async || message(&admin).await["medias"][0]["status"] == "ready").await;
    let gone = admin.delete(&path(&message(&admin).await)).await.ok();
    assert_eq!(gone["medias"], json!([]));
    until(async || stored(&server).is_empty()).await;
    server.operate(&["doctor"]);
}

/// CONV-72 and CONV-71: links to the file of deleted messages work as long as another message carries it.
#[tokio::test(flavor = "multi_thread")]
async fn links_end_with_the_last_message_of_a_file() {
    let server = Server::start().await;
    let admin = server.admin().await;
    let account = web_chat(&admin, &[]).await;
    let jo = visitor(&server, &account).await;
    write(&jo, &account, (1, "Hello")).await.ok();
    let conversation = conversations(&admin, 1).await.remove(0);
    let messages = format!("{CONVERSATIONS}/{}/messages", text(&conversation, "id"));
    let file = upload(&admin).await;
    let medias = json!([{"type": "file", "file_id": file["id"]}]);
    let mut sent = Vec::new();
    for _ in 0..2 {
        let sending = admin.post(&messages, json!({"medias": medias})).await;
        sent.push(sending.ok());
    }
    let shown = jo.get(&of(&account, "messages")).await.ok();
    let links = [1, 2].map(|n| text(&shown["result"][n]["medias"][0], "url").to_owned());
    admin.delete(&path(&sent[0])).await.ok();
    for link in &links {
        assert_eq!(server.anonymous().get(link).await.status, 200);
    }
    admin.delete(&path(&sent[1])).await.ok();
    for link in &links {
        let gone = server.anonymous().get(link).await;
        gone.refused(404, "FILE_NOT_FOUND");
    }
    until(async || stored(&server).is_empty()).await;
    server.operate(&["doctor"]);
}

/// CONV-72 and CONV-16: a deleted message is not unread for those who take part, and a visitor does not
/// read it any more.
#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_message_is_neither_unread_nor_read() {
    let server = Server::start().await;
    let admin = server.admin().await;
    let account = web_chat(&admin, &[]).await;
    let jo = visitor(&server, &account).await;
    for (n, what) in [(1, "one"), (2, "two")] {
        write(&jo, &account, (n, what)).await.ok();
    }
    let conversation = conversations(&admin, 1).await.remove(0);
    let one = format!("{CONVERSATIONS}/{}", text(&conversation, "id"));
    assert_eq!(conversation["unread_count"], 2);
    let rows = admin.get(&format!("{one}/messages")).await.rows();
    admin.delete(&path(&rows[0])).await.ok();
    assert_eq!(admin.get(&one).await.ok()["unread_count"], 1);
    let mut sent = Vec::new();
    for what in ["a slip", "an answer"] {
        let body = json!({"text": what});
        sent.push(admin.post(&format!("{one}/messages"), body).await.ok());
    }
    admin.delete(&path(&sent[0])).await.ok();
    let read = json!({"seq": sent[1]["seq"]});
    jo.put(&of(&account, "read"), read).await.ok();
    let mut deliveries = Vec::new();
    for message in &sent {
        let now = admin.get(&path(message)).await.ok();
        deliveries.push(text(&now, "delivery").to_owned());
    }
    assert_eq!(deliveries, ["accepted", "read"]);
}
