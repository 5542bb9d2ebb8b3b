//! Agents and admins follow conversations on their sockets.

use serde_json::{Value, json};
use talk_testkit::harness::socket::Socket;
use talk_testkit::harness::{Client, Server};

use super::{CONVERSATIONS, text, visitor, web_chat, write};

/// A server, its admin, two agents, the account of a web chat, and a visitor who has written "Hello?".
pub(super) struct Scene {
    pub(super) server: Server,
    pub(super) admin: Client,
    pub(super) alice: Client,
    pub(super) bob: Client,
    pub(super) account: Value,
    pub(super) jo: Client,
    pub(super) conversation: String,
}

impl Scene {
    pub(super) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    pub(super) async fn start_with(settings: &[(&str, &str)]) -> Self {
        let server = Server::start_with(settings).await;
        let (admin, [alice, bob]) = (server.admin().await, server.agents(["alice", "bob"]).await);
        let account = web_chat(&admin, &[]).await;
        let jo = visitor(&server, &account).await;
        write(&jo, &account, (1, "Hello?")).await.ok();
        let listed = admin.get(CONVERSATIONS).await.rows()[0].clone();
        Self {
            conversation: text(&listed, "id").to_owned(),
            server,
            admin,
            alice,
            bob,
            account,
            jo,
        }
    }

    pub(super) fn path(&self, rest: &str) -> String {
        format!("{CONVERSATIONS}/{}{rest}", self.conversation)
    }

    pub(super) async fn says(&self, n: u128, what: &str) {
        write(&self.jo, &self.account, (n, what)).await.ok();
    }
}

/// All conversations of the client.
pub(super) fn all(client: &Client) -> String {
    format!("agent_id:{}:conversation", client.id)
}

pub(super) async fn follow(client: &Client) -> (Socket, Value) {
    let mut socket = Socket::open(client).await;
    let answer = socket.subscribe(&all(client)).await;
    (socket, answer)
}

/// The next event, which is of this type; its text, or the owner of a conversation.
pub(super) async fn event(socket: &mut Socket, kind: &str) -> String {
    let frame = socket.answer(kind).await;
    let data = &frame["data"];
    let shown = data["text"].as_str().or(data["owner_id"].as_str());
    shown.expect("a text or an owner").to_owned()
}

/// CONV-13: an agent gets the events of a conversation from its claim to the claim of another one, and an
/// admin all.
#[tokio::test(flavor = "multi_thread")]
async fn who_may_read_a_conversation_gets_its_events_at_once() {
    let scene = Scene::start().await;
    let (mut alice, begun) = follow(&scene.alice).await;
    assert_eq!(begun["conversations"], json!({}));
    let (mut admin, begun) = follow(&scene.admin).await;
    let range = &begun["conversations"][&*scene.conversation];
    assert_eq!(*range, json!({"from": 3, "head": 2}));
    assert_eq!(begun["chats"], json!({}));
    scene.says(2, "Anybody?").await;
    assert_eq!(
        event(&mut admin, "conversation_message_created").await,
        "Anybody?"
    );
    scene
        .alice
        .post(&scene.path("/claim"), json!({}))
        .await
        .ok();
    for socket in [&mut alice, &mut admin] {
        assert_eq!(event(socket, "conversation_updated").await, scene.alice.id);
    }
    scene.says(3, "There you are").await;
    for socket in [&mut alice, &mut admin] {
        let said = event(socket, "conversation_message_created").await;
        assert_eq!(said, "There you are");
    }
    let given = json!({"owner_id": scene.bob.id});
    scene.admin.put(&scene.path(""), given).await.ok();
    scene.says(4, "Bye").await;
    assert_eq!(
        event(&mut alice, "conversation_updated").await,
        scene.bob.id
    );
    let ended = alice.answer("unsubscribed").await;
    assert_eq!(ended["conversation_id"], *scene.conversation);
    assert_eq!(
        (&ended["reason"], &ended["seq"]),
        (&json!("removed"), &json!(6))
    );
    alice.nothing_else().await;
    assert_eq!(
        event(&mut admin, "conversation_updated").await,
        scene.bob.id
    );
    assert_eq!(
        event(&mut admin, "conversation_message_created").await,
        "Bye"
    );
}

/// CONV-13: a connection resumes without a gap, beside its chats.
#[tokio::test(flavor = "multi_thread")]
async fn a_socket_resumes_in_its_conversations_and_chats_at_once() {
    let scene = Scene::start().await;
    scene
        .alice
        .post(&scene.path("/claim"), json!({}))
        .await
        .ok();
    let chat = scene.alice.chat("group", &[&scene.bob]).await;
    let head = scene.alice.events(&chat).await.len();
    let (socket, begun) = follow(&scene.alice).await;
    socket.close().await;
    for n in 2..5 {
        scene.says(n, &format!("message {n}")).await;
    }
    let mut socket = Socket::open(&scene.alice).await;
    let topics = [
        all(&scene.alice),
        format!("agent_id:{}:chat", scene.alice.id),
    ];
    let since = json!({
        &*scene.conversation: begun["conversations"][&*scene.conversation]["head"],
        text(&chat, "id"): head,
    });
    let epoch = &begun["epoch"];
    let frame = json!({
        "type": "subscribe", "id": "s", "topics": topics, "epoch": epoch, "since": since,
    });
    socket.send(frame).await;
    let begun = socket.answer("subscribed").await;
    let range = &begun["conversations"][&*scene.conversation];
    assert_eq!(*range, json!({"from": 4, "head": 6}));
    let (mut texts, mut caught_up) = (Vec::new(), Vec::new());
    while caught_up.len() < 2 {
        let frame = socket.next().await;
        if frame["type"] == "caught_up" {
            let of = [&frame["chat_id"], &frame["conversation_id"]];
            caught_up.extend(of.into_iter().filter_map(Value::as_str).map(str::to_owned));
        } else {
            assert_eq!(frame["type"], "conversation_message_created", "{frame}");
            texts.push(text(&frame["data"], "text").to_owned());
        }
    }
    assert_eq!(texts, ["message 2", "message 3", "message 4"]);
    caught_up.sort();
    let mut expected = [scene.conversation.clone(), text(&chat, "id").to_owned()];
    expected.sort();
    assert_eq!(caught_up, expected);
}

/// CONV-13: an owner that was cut off learns who owns the conversation now, and nothing after that.
#[tokio::test(flavor = "multi_thread")]
async fn a_former_owner_that_resumes_gets_the_event_that_made_another_the_owner() {
    let scene = Scene::start().await;
    let claim = scene.path("/claim");
    scene.alice.post(&claim, json!({})).await.ok();
    let (socket, begun) = follow(&scene.alice).await;
    socket.close().await;
    scene.says(2, "Are you there?").await;
    let given = json!({"owner_id": scene.bob.id});
    scene.admin.put(&scene.path(""), given).await.ok();
    scene.says(3, "Bye").await;
    for since in [3, 5] {
        let mut socket = Socket::open(&scene.alice).await;
        let topics = [
            all(&scene.alice),
            format!("agent_id:{}:chat", scene.alice.id),
        ];
        let frame = json!({
            "type": "subscribe", "id": "s", "topics": topics, "epoch": begun["epoch"],
            "since": {&*scene.conversation: since},
        });
        socket.send(frame).await;
        socket.answer("subscribed").await;
        if since == 3 {
            let frame = socket.next().await;
            assert_eq!(frame["type"], "conversation_updated", "{frame}");
            assert_eq!(
                (&frame["seq"], &frame["data"]["owner_id"]),
                (&json!(5), &json!(scene.bob.id))
            );
        }
        let ended = socket.next().await;
        assert_eq!(
            (&ended["type"], &ended["reason"], &ended["seq"]),
            (&json!("unsubscribed"), &json!("removed"), &json!(5)),
            "{ended}"
        );
        assert_eq!(ended["conversation_id"], *scene.conversation);
        socket.nothing_else().await;
    }
}

/// CONV-09: the owner is deleted, and everybody who follows learns that the conversation has none.
#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_agent_owns_no_conversation() {
    let scene = Scene::start().await;
    scene
        .alice
        .post(&scene.path("/claim"), json!({}))
        .await
        .ok();
    let (mut admin, _) = follow(&scene.admin).await;
    let agent = format!("/v1.0/agents/{}", scene.alice.id);
    scene.admin.delete(&agent).await.ok();
    let frame = admin.answer("conversation_updated").await;
    assert_eq!(frame["data"]["owner_type"], "");
    let free = format!("{CONVERSATIONS}?owner_id=none");
    assert_eq!(scene.bob.get(&free).await.rows().len(), 1);
    let claimed = scene.bob.post(&scene.path("/claim"), json!({})).await.ok();
    assert_eq!(claimed["owner_id"], *scene.bob.id);
}

/// CONV-09: one transaction is bounded, and a cleanup does the rest of it.
#[tokio::test(flavor = "multi_thread")]
async fn an_agent_of_many_conversations_leaves_all_of_them() {
    let scene = Scene::start().await;
    for n in 2..=40 {
        let kim = visitor(&scene.server, &scene.account).await;
        write(&kim, &scene.account, (n, "Hello?")).await.ok();
    }
    let all_of_them = format!("{CONVERSATIONS}?page_size=100");
    for conversation in scene.admin.get(&all_of_them).await.rows() {
        let claim = format!("{CONVERSATIONS}/{}/claim", text(&conversation, "id"));
        scene.alice.post(&claim, json!({})).await.ok();
    }
    let (mut admin, _) = follow(&scene.admin).await;
    let agent = format!("/v1.0/agents/{}", scene.alice.id);
    scene.admin.delete(&agent).await.ok();
    for _ in 0..40 {
        let frame = admin.answer("conversation_updated").await;
        assert_eq!(frame["data"]["owner_type"], "");
    }
    let free = format!("{all_of_them}&owner_id=none");
    assert_eq!(scene.bob.get(&free).await.rows().len(), 40);
}

/// CONV-13: neither an agent that does not own it, nor one of another customer.
#[tokio::test(flavor = "multi_thread")]
async fn an_outsider_follows_no_conversation() {
    let scene = Scene::start().await;
    let (_, [carol]) = scene.server.customer("other", ["carol"]).await;
    for (client, reason) in [
        (&scene.bob, "PERMISSION_DENIED"),
        (&carol, "CONVERSATION_NOT_FOUND"),
    ] {
        let mut socket = Socket::open(client).await;
        let topic = format!("{}:{}", all(client), scene.conversation);
        let answer = socket.subscribe(&topic).await;
        let expected = json!([{"topic": topic, "reason": reason}]);
        assert_eq!(answer["refused"], expected);
        scene.says(2, "Anybody?").await;
        socket.nothing_else().await;
    }
}

/// CONV-13: a demoted admin connects again, and follows nothing of others then.
#[tokio::test(flavor = "multi_thread")]
async fn an_admin_that_is_none_any_more_follows_no_conversation_of_others() {
    let scene = Scene::start().await;
    let change = async |permission: u64| {
        let path = format!("/v1.0/agents/{}", scene.bob.id);
        let body = json!({"permission": permission});
        scene.admin.put(&path, body).await.ok();
    };
    change(32).await;
    let (mut socket, begun) = follow(&scene.bob).await;
    assert_eq!(
        begun["conversations"].as_object().map(serde_json::Map::len),
        Some(1)
    );
    change(16).await;
    let (code, reason) = socket.closed().await;
    assert!(
        code == 4503 && reason.starts_with("retry_ms="),
        "{code} {reason}"
    );
    let (mut socket, begun) = follow(&scene.bob).await;
    assert_eq!(begun["conversations"], json!({}));
    scene.says(2, "Anybody?").await;
    socket.nothing_else().await;
}
