//! Delivery of events to subscribers, each once.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{all_of, assert_same, assert_shows, id, logged, one_of, parsed};
use talk_testkit::harness::client::{message, path};
use talk_testkit::harness::{Client, Server, Socket};

/// `customer_id:<customer>:chat`.
async fn of_customer(agent: &Client) -> String {
    let me = agent.get("/v1.0/service_agents/me").await.ok();
    format!(
        "customer_id:{}:chat",
        me["customer_id"].as_str().expect("an id")
    )
}

/// Events of every kind but deletions; a message.
async fn happen(chat: &Value, [alice, bob, carol]: [&Client; 3]) -> Value {
    let said = alice.say(chat, "hello").await;
    let changed = json!({"text": "hello, world"});
    alice.put(&message(&said, ""), changed).await.ok();
    bob.react(&said, "👍").await.ok();
    let reaction = message(&said, "/reactions?emoji=%2B1");
    bob.delete(&reaction).await.ok();
    let read = json!({"seq": said["seq"]});
    bob.put(&path(chat, "/read"), read).await.ok();
    bob.reply(&said, "an answer").await.ok();
    let renamed = json!({"name": "New", "detail": "x"});
    alice.put(&path(chat, ""), renamed).await.ok();
    alice.add(chat, carol).await.ok();
    let member = bob.participant(chat, carol).await.expect("a member");
    alice.remove(chat, &member).await.ok();
    bob.post(&path(chat, "/close"), json!({})).await.ok();
    alice.post(&path(chat, "/reopen"), json!({})).await.ok();
    said
}

/// Case 22.
#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_event_comes_once_as_it_is_logged_on_every_socket_of_every_participant() {
    let server = Server::start().await;
    let [alice, bob, carol] = server.agents(["alice", "bob", "carol"]).await;
    let mut sockets = [
        Socket::subscribed(&alice).await,
        Socket::subscribed(&alice).await,
        Socket::subscribed(&bob).await,
    ];
    sockets[1].subscribe(&of_customer(&alice).await).await;
    let chat = alice.chat("group", &[&bob]).await;
    let said = happen(&chat, [&alice, &bob, &carol]).await;
    let mut log = logged(&alice, &chat).await;
    // The log no longer has the text of a deleted message; connected clients got it.
    for socket in &mut sockets {
        assert_same(&socket.texts(log.len()).await, &log);
    }
    alice.delete(&message(&said, "")).await.ok();
    log.extend(logged(&alice, &chat).await.pop());
    let deleted = alice.delete(&path(&chat, "")).await.ok();
    for socket in &mut sockets {
        assert_same(&socket.texts(1).await, &log[log.len() - 1..]);
        let last = socket.answer("chat_deleted").await;
        assert_eq!(last["seq"], json!(log.len() + 1));
        assert_shows(&deleted, &last["data"]);
        let ended = socket.answer("unsubscribed").await;
        let expected = json!({"type": "unsubscribed", "chat_id": chat["id"], "reason": "deleted",
            "seq": log.len() + 1});
        assert_eq!(ended, expected);
        socket.nothing_else().await;
    }
    let kinds: BTreeSet<_> = log
        .iter()
        .map(|frame| parsed(frame)["type"].to_string())
        .collect();
    assert_eq!(kinds.len(), 9, "{kinds:?}");
}

/// Case 22.
#[tokio::test(flavor = "multi_thread")]
async fn an_event_comes_once_however_many_topics_match() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let customer = of_customer(&bob).await;
    let of_customer = format!("{customer}:{}", id(&chat));
    let (all, one) = (all_of(&bob), one_of(&bob, &chat));
    let mut socket = Socket::open(&bob).await;
    let topics = [&*all, &*one, &*customer, &*of_customer, &*all, &*one];
    let answer = socket.subscribe_all(&topics).await;
    assert_eq!(answer["refused"], json!([]));
    socket.subscribe(&one).await;
    alice.say(&chat, "one").await;
    socket
        .send(json!({"type": "subscribe", "id": "again", "topics": topics}))
        .await;
    alice.say(&chat, "two").await;
    let log = logged(&alice, &chat).await;
    // The answer comes before, between or after the two, as the commits and the frame meet.
    let mut frames = socket.texts(3).await;
    frames.retain(|frame| parsed(frame)["type"] != "subscribed");
    assert_same(&frames, &log[log.len() - 2..]);
    socket.nothing_else().await;
}

/// WS-02.
#[tokio::test(flavor = "multi_thread")]
async fn each_form_of_topic_delivers_what_it_names() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let other = alice.chat("group", &[&bob]).await;
    let customer = of_customer(&bob).await;
    for (topic, is_of_both) in [
        (all_of(&bob), true),
        (customer.clone(), true),
        (one_of(&bob, &chat), false),
        (format!("{customer}:{}", id(&chat)), false),
    ] {
        let mut socket = Socket::open(&bob).await;
        socket.subscribe(&topic).await;
        let elsewhere = alice.say(&other, "elsewhere").await;
        let here = alice.say(&chat, "here").await;
        if is_of_both {
            let first = socket.answer("chatmessage_created").await;
            assert_eq!(first["data"], elsewhere, "{topic}");
        }
        let next = socket.answer("chatmessage_created").await;
        assert_eq!(next["data"], here, "{topic}");
    }
}

/// WS-02.
#[tokio::test(flavor = "multi_thread")]
async fn a_chat_joined_later_is_delivered_from_the_join_on() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let mut socket = Socket::subscribed(&bob).await;
    let chat = alice.chat("group", &[]).await;
    alice.say(&chat, "before").await;
    alice.add(&chat, &bob).await.ok();
    let last = alice.say(&chat, "after").await;
    let log = logged(&bob, &chat).await;
    let frames = socket.up_to(&last).await;
    assert_same(&frames, &log[3..]);
    let first = parsed(&frames[0]);
    assert_eq!(
        (&first["type"], &first["data"]["owner_id"]),
        (&json!("chatparticipant_added"), &json!(bob.id))
    );
}

/// WS-02 and X-17.
#[tokio::test(flavor = "multi_thread")]
async fn a_channel_is_delivered_only_to_its_participants() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let both = alice.chat("group", &[&bob]).await;
    let old = alice.chat("talk", &[]).await;
    let mut socket = Socket::open(&bob).await;
    let customer = of_customer(&bob).await;
    let answer = socket.subscribe_all(&[&all_of(&bob), &customer]).await;
    assert!(answer["chats"].get(id(&both)).is_some(), "{answer}");
    assert!(answer["chats"].get(id(&old)).is_none(), "{answer}");
    let answer = socket.subscribe(&one_of(&bob, &old)).await;
    assert_eq!(answer["refused"][0]["reason"], "PERMISSION_DENIED");
    let new = alice.chat("talk", &[]).await;
    for channel in [&old, &new] {
        alice.say(channel, "not for bob").await;
    }
    let fence = alice.say(&both, "fence").await;
    assert_eq!(socket.up_to(&fence).await.len(), 1);
    bob.post(&path(&old, "/join"), json!({})).await.ok();
    alice.say(&new, "still not for bob").await;
    let last = alice.say(&old, "for bob").await;
    let log = logged(&alice, &old).await;
    assert_same(&socket.up_to(&last).await, &log[3..]);
}

/// Case 30.
#[tokio::test(flavor = "multi_thread")]
async fn an_admin_does_not_hear_private_chats() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let admin = server.admin().await;
    let private = alice.chat("group", &[&bob]).await;
    let shared = alice.chat("group", &[&admin]).await;
    let mut socket = Socket::open(&admin).await;
    let customer = of_customer(&admin).await;
    let one = format!("{customer}:{}", id(&private));
    let answer = socket
        .subscribe_all(&[&customer, &one, &one_of(&admin, &private)])
        .await;
    let refused = answer["refused"].as_array().expect("a list");
    assert_eq!(refused.len(), 2, "{answer}");
    for refused in refused {
        assert_eq!(refused["reason"], "PERMISSION_DENIED");
    }
    let chats = answer["chats"].as_object().expect("an object");
    assert_eq!(chats.keys().collect::<Vec<_>>(), [id(&shared)]);
    alice.say(&private, "not for the admin").await;
    alice.chat("direct", &[&bob]).await;
    let fence = alice.say(&shared, "fence").await;
    assert_eq!(socket.up_to(&fence).await.len(), 1);
}

/// WS-12.
#[tokio::test(flavor = "multi_thread")]
async fn unsubscribing_stops_what_no_other_topic_names() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let [first, second] = [
        alice.chat("group", &[&bob]).await,
        alice.chat("group", &[&bob]).await,
    ];
    let [one, two] = [one_of(&bob, &first), one_of(&bob, &second)];
    let mut socket = Socket::open(&bob).await;
    socket.subscribe_all(&[&one, &two, &all_of(&bob)]).await;
    let drop = |topic: &str| json!({"type": "unsubscribe", "id": "u", "topics": [topic]});
    socket.send(drop(&one)).await;
    let answer = socket.answer("unsubscribed").await;
    assert_eq!(
        answer,
        json!({"type": "unsubscribed", "id": "u", "topics": [all_of(&bob), two]})
    );
    let said = alice.say(&first, "still heard").await;
    assert_eq!(socket.next().await["data"], said);
    socket.send(drop(&all_of(&bob))).await;
    assert_eq!(socket.answer("unsubscribed").await["topics"], json!([two]));
    alice.say(&first, "not heard").await;
    let later = alice.chat("group", &[&bob]).await;
    alice.say(&later, "not heard").await;
    let said = alice.say(&second, "heard").await;
    assert_eq!(socket.up_to(&said).await.len(), 1);
    socket.subscribe(&one).await;
    let said = alice.say(&first, "heard again").await;
    assert_eq!(socket.up_to(&said).await.len(), 1);
}

/// WS-18.
#[tokio::test(flavor = "multi_thread")]
async fn typing_is_seen_by_the_others_in_the_chat_alone() {
    let server = Server::start().await;
    let [alice, bob, eve] = server.agents(["alice", "bob", "eve"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let all = alice.chat("group", &[&bob, &eve]).await;
    let mut of_alice = [
        Socket::subscribed(&alice).await,
        Socket::subscribed(&alice).await,
    ];
    let mut of_bob = Socket::subscribed(&bob).await;
    let mut of_eve = Socket::subscribed(&eve).await;
    let typing = json!({"type": "typing", "id": "t", "chat_id": chat["id"]});
    of_alice[0].send(typing.clone()).await;
    let expected = json!({"type": "chat_typing", "chat_id": chat["id"], "data": alice.as_owner()});
    assert_eq!(of_bob.next().await, expected);
    of_eve.send(typing).await;
    let error = of_eve.answer("error").await;
    assert_eq!(
        (&error["id"], &error["reason"]),
        (&json!("t"), &json!("PERMISSION_DENIED"))
    );
    let fence = alice.say(&all, "fence").await;
    let [first, second] = &mut of_alice;
    for socket in [first, second, &mut of_bob, &mut of_eve] {
        assert_eq!(socket.up_to(&fence).await.len(), 1);
    }
}
