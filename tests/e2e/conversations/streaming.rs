//! The stream of a visitor of a web chat.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use talk_testkit::harness::Client;

use super::live::{Scene, follow};
use super::{of, said, text, visitor};

/// How long a test waits for an event. A heartbeat comes later.
const PATIENCE: Duration = Duration::from_secs(15);

/// An open stream of a visitor.
struct Stream {
    response: reqwest::Response,
    read: String,
}

impl Stream {
    /// Opens the stream after the message with this `seq`.
    async fn open(scene: &Scene, visitor: &Client, since: u64) -> Self {
        let path = of(&scene.account, "stream");
        let request = visitor.request(reqwest::Method::GET, &path);
        let request = request.header("last-event-id", since.to_string());
        let response = request.send().await.expect("an answer");
        assert_eq!(response.status(), 200);
        let header = |name: &str| response.headers()[name].to_str().expect("text").to_owned();
        assert_eq!(header("content-type"), "text/event-stream");
        assert_eq!(header("x-accel-buffering"), "no");
        let read = String::new();
        Self { response, read }
    }

    /// The id of the next deleted message.
    async fn gone(&mut self) -> String {
        loop {
            let event = self.event().await.expect("an event");
            if let Some(data) = event.strip_prefix("event: deleted\ndata: ") {
                let data: Value = serde_json::from_str(data).expect("JSON");
                return text(&data, "id").to_owned();
            }
            assert!(!event.contains("data: "), "{event}");
        }
    }

    /// The next message, with its id; `None` at the end.
    async fn next(&mut self) -> Option<(u64, Value)> {
        loop {
            let event = self.event().await?;
            let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name));
            if let (Some(id), Some(data)) = (field("id: "), field("data: ")) {
                let data = serde_json::from_str(data).expect("JSON");
                return Some((id.parse().expect("a number"), data));
            }
        }
    }

    /// The next event as it is sent; `None` at the end.
    async fn event(&mut self) -> Option<String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some((event, rest)) = self.read.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.read = rest;
                return Some(event);
            }
            let rest = deadline.saturating_duration_since(Instant::now());
            let chunk = tokio::time::timeout(rest, self.response.chunk()).await;
            let chunk = chunk.expect("an event in time").ok().flatten()?;
            self.read
                .push_str(std::str::from_utf8(&chunk).expect("text"));
        }
    }

    /// Direction and text of the next message.
    async fn message(&mut self) -> (String, String) {
        let (id, data) = self.next().await.expect("a message");
        assert_eq!(data["seq"], id);
        (text(&data, "direction").into(), text(&data, "text").into())
    }
}

/// CONV-64 and CONV-12: a visitor gets each message of its own conversation at once and once, and goes on
/// after the last one that it has got.
#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_follows_its_own_conversation_and_resumes() {
    let scene = Scene::start().await;
    let mut stream = Stream::open(&scene, &scene.jo, 0).await;
    assert_eq!(stream.message().await, said("incoming", "Hello?"));
    let kim = visitor(&scene.server, &scene.account).await;
    let mut of_kim = Stream::open(&scene, &kim, 0).await;
    super::write(&kim, &scene.account, (9, "I am Kim"))
        .await
        .ok();
    assert_eq!(of_kim.message().await, said("incoming", "I am Kim"));
    let answer = json!({"text": "Hello Jo"});
    let path = scene.path("/messages");
    let sent = scene.admin.post(&path, answer).await.ok();
    assert_eq!(stream.message().await, said("outgoing", "Hello Jo"));
    drop(stream);
    for n in 2..5 {
        scene.says(n, &format!("{n}")).await;
    }
    let seq = sent["seq"].as_u64().expect("a number");
    let mut stream = Stream::open(&scene, &scene.jo, seq).await;
    for n in 2..5 {
        assert_eq!(stream.message().await, said("incoming", &n.to_string()));
    }
    scene.admin.delete(&scene.path("")).await.ok();
    scene.says(5, "Anybody?").await;
    assert_eq!(stream.message().await, said("incoming", "Anybody?"));
    let closing = json!({"text": "Only Kim reads this"});
    let conversations = scene.admin.get(super::CONVERSATIONS).await.rows();
    let of_kims = |row: &&Value| row["last_seq"] == 2 && text(row, "id") != scene.conversation;
    let kims = conversations.iter().rfind(of_kims).expect("a conversation");
    let path = format!("{}/{}/messages", super::CONVERSATIONS, text(kims, "id"));
    scene.admin.post(&path, closing).await.ok();
    assert_eq!(
        of_kim.message().await,
        said("outgoing", "Only Kim reads this")
    );
}

/// CONV-72 and CONV-64: a visitor learns once that a message that it has got was deleted, at once, and also
/// when it comes back later; and from its list.
#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_learns_that_a_message_was_deleted() {
    let scene = Scene::start().await;
    let path = scene.path("/messages");
    let mut sent = Vec::new();
    for what in ["one", "two", "three"] {
        let sending = scene.admin.post(&path, json!({"text": what})).await;
        sent.push(sending.ok());
    }
    let delete = async |message: &Value| {
        let one = format!("{path}/{}", text(message, "id"));
        scene.admin.delete(&one).await.ok();
    };
    let seqs: Vec<_> = sent
        .iter()
        .map(|row| row["seq"].as_u64().unwrap())
        .collect();
    let mut stream = Stream::open(&scene, &scene.jo, seqs[1]).await;
    assert_eq!(stream.message().await, said("outgoing", "three"));
    delete(&sent[0]).await;
    assert_eq!(stream.gone().await, text(&sent[0], "id"));
    delete(&sent[2]).await;
    assert_eq!(stream.gone().await, text(&sent[2], "id"));
    scene.says(2, "Thank you").await;
    assert_eq!(stream.message().await, said("incoming", "Thank you"));
    let mut later = Stream::open(&scene, &scene.jo, seqs[1]).await;
    assert_eq!(later.gone().await, text(&sent[0], "id"));
    assert_eq!(later.message().await, said("outgoing", ""));
    assert_eq!(later.message().await, said("incoming", "Thank you"));
    delete(&sent[1]).await;
    for stream in [&mut stream, &mut later] {
        assert_eq!(stream.gone().await, text(&sent[1], "id"));
    }
    let listed = async |since: u64| {
        let path = of(&scene.account, &format!("messages?since={since}"));
        scene.jo.get(&path).await.ok()["deleted"].clone()
    };
    let ids: Vec<_> = sent.iter().map(|row| &row["id"]).collect();
    assert_eq!(listed(seqs[1]).await, json!([ids[0], ids[1]]));
    assert_eq!(listed(0).await, json!([]));
}

/// CONV-64: a visitor has a few streams at once, and a server that stops ends them.
#[tokio::test(flavor = "multi_thread")]
async fn streams_are_bounded_and_end_with_the_server() {
    let mut scene = Scene::start().await;
    let mut open = Vec::new();
    for _ in 0..4 {
        open.push(Stream::open(&scene, &scene.jo, 0).await);
    }
    let path = of(&scene.account, "stream");
    let refused = scene.jo.get(&path).await;
    refused.refused(429, "TOO_MANY_SOCKETS");
    scene
        .server
        .anonymous()
        .get(&path)
        .await
        .refused(401, "AUTHENTICATION_REQUIRED");
    scene.server.terminate();
    let stopping = Instant::now();
    for mut stream in open {
        assert_eq!(stream.message().await, said("incoming", "Hello?"));
        assert_eq!(stream.next().await, None);
    }
    assert!(scene.server.ended().await.success());
    assert!(stopping.elapsed() < PATIENCE);
}

/// CONV-74: a visitor sees that those who take part type, and they see it of the visitor.
#[tokio::test(flavor = "multi_thread")]
async fn both_sides_see_each_other_typing() {
    let scene = Scene::start().await;
    let claim = scene.path("/claim");
    scene.alice.post(&claim, json!({})).await.ok();
    let (mut of_alice, _) = follow(&scene.alice).await;
    let (mut of_bob, _) = follow(&scene.bob).await;
    let mut stream = Stream::open(&scene, &scene.jo, 0).await;
    assert_eq!(stream.message().await, said("incoming", "Hello?"));

    let typing = json!({"type": "typing", "id": "t", "conversation_id": scene.conversation});
    of_bob.send(typing.clone()).await;
    assert_eq!(of_bob.answer("error").await["reason"], "PERMISSION_DENIED");
    of_alice.send(typing).await;
    while stream.event().await.expect("typing") != "event: typing\ndata: {}" {}
    scene
        .admin
        .post(&scene.path("/messages"), json!({"text": "Hello Jo"}))
        .await
        .ok();
    assert_eq!(stream.message().await, said("outgoing", "Hello Jo"));

    let kim = visitor(&scene.server, &scene.account).await;
    let types = of(&scene.account, "typing");
    kim.put(&types, json!({})).await.ok();
    scene.jo.put(&types, json!({})).await.ok();
    let expected = json!({
        "type": "conversation_typing", "conversation_id": scene.conversation,
        "data": {"owner_type": "", "owner_id": uuid::Uuid::nil()},
    });
    loop {
        let frame = of_alice.next().await;
        if frame["type"] == "conversation_typing" {
            assert_eq!(frame, expected);
            break;
        }
    }
    let nobody = scene.server.anonymous().put(&types, json!({})).await;
    nobody.refused(401, "AUTHENTICATION_REQUIRED");
}
