//! Limits: what reaches one passes, what is one over is refused naming field and limit.

use serde_json::{Value, json};

use super::endpoint::Endpoint;
use super::refused_limit;
use super::world::{AGENTS, CHATS, MESSAGES, World};
use talk_testkit::harness::client::message;
use talk_testkit::harness::server::PASSWORD;
use talk_testkit::harness::{Client, Server};

const TOO_LONG: &str = "LIMIT_EXCEEDED";

/// Characters of every text of this name.
fn limit(path: &str) -> Option<usize> {
    let name = path.rsplit('.').next().unwrap_or(path);
    match name {
        _ if path.ends_with("address.type") => Some(255),
        "name" | "username" | "target" | "target_name" => Some(255),
        "detail" => Some(4_096),
        "text" => Some(16_000),
        "url" | "link_url" => Some(2_048),
        _ => None,
    }
}

/// A text of this many characters; each has three bytes where they are free.
fn text(path: &str, characters: usize) -> Value {
    if path.ends_with("url") {
        let head = "https://e.test/";
        return json!(format!("{head}{}", "글".repeat(characters - head.len())));
    }
    json!("글".repeat(characters))
}

/// Every text with a limit, by the endpoint it belongs to.
fn limited(endpoints: &[Endpoint]) -> Vec<(&Endpoint, super::endpoint::Field, usize)> {
    let of = |endpoint: &'_ Endpoint| endpoint.path != "/auth/login";
    let mut found = Vec::new();
    for endpoint in endpoints.iter().filter(|endpoint| of(endpoint)) {
        for field in endpoint.fields() {
            if let Some(limit) = limit(&field.path) {
                found.push((endpoint, field, limit));
            }
        }
    }
    found
}

/// API-18 and case 34.
#[tokio::test(flavor = "multi_thread")]
async fn a_text_may_reach_its_limit_but_not_pass_it() {
    let world = World::new().await;
    let endpoints = world.endpoints();
    let texts = limited(&endpoints);
    assert_eq!(texts.len(), 29);
    for (endpoint, field, limit) in &texts {
        let mut endpoint = (*endpoint).clone();
        if endpoint.path == AGENTS {
            endpoint.body["username"] = json!(format!("with-a-long-{}", field.path));
        }
        let longest = text(&field.path, *limit);
        endpoint.send_with(field, &longest).await.ok();
    }
    let before = world.stored().await;
    for (endpoint, field, limit) in texts {
        for more in [1, 100] {
            let long = text(&field.path, limit + more);
            let answer = endpoint.send_with(&field, &long).await;
            refused_limit(&answer, TOO_LONG, (&field.path, limit as u64));
        }
    }
    assert_eq!(world.stored().await, before);
}

/// AUTH-13.
#[tokio::test(flavor = "multi_thread")]
async fn a_password_has_eight_to_128_characters() {
    let world = World::new().await;
    let new = |username: &str, password: String| {
        let new = json!({"username": username, "password": password});
        world.admin.post(AGENTS, new)
    };
    new("d8", "글".repeat(8)).await.ok();
    new("d128", "글".repeat(128)).await.ok();
    world.server.login("d128", &"글".repeat(128)).await;
    let before = world.stored().await;
    for (characters, limit) in [(0, 8), (7, 8), (129, 128), (10_000, 128)] {
        let password = "글".repeat(characters);
        let answer = new("d", password.clone()).await;
        refused_limit(&answer, "PASSWORD_INVALID", ("password", limit));
        let change = json!({"old_password": PASSWORD, "new_password": password});
        let answer = world
            .carol
            .put("/v1.0/service_agents/me/password", change)
            .await;
        refused_limit(&answer, "PASSWORD_INVALID", ("new_password", limit));
    }
    world.server.login("carol", PASSWORD).await;
    assert_eq!(world.stored().await, before);
}

/// API-18.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_names_500_participants_and_not_one_more() {
    let world = World::new().await;
    let chat = |participants: usize| {
        let owners = vec![world.bob.as_owner(); participants];
        let chat = json!({"type": "group", "participants": owners});
        world.alice.post(CHATS, chat)
    };
    assert_eq!(chat(500).await.ok()["member_count"], 2);
    let before = world.stored().await;
    refused_limit(&chat(501).await, TOO_LONG, ("participants", 500));
    let nobody = json!({"type": "group", "participants": vec![json!({}); 501]});
    let answer = world.alice.post(CHATS, nobody).await;
    refused_limit(&answer, TOO_LONG, ("participants", 500));
    assert_eq!(world.stored().await, before);
}

/// API-18.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_has_twenty_medias_and_not_one_more() {
    let world = World::new().await;
    let medias = |count: usize| {
        let link = json!({"type": "link", "link_url": "https://e.test"});
        json!({"chat_id": world.chat["id"], "medias": vec![link; count]})
    };
    let edited = message(&world.message, "");
    world.alice.post(MESSAGES, medias(20)).await.ok();
    world.alice.put(&edited, medias(20)).await.ok();
    let before = world.stored().await;
    for answer in [
        world.alice.post(MESSAGES, medias(21)).await,
        world.alice.put(&edited, medias(21)).await,
    ] {
        refused_limit(&answer, TOO_LONG, ("medias", 20));
    }
    assert_eq!(world.stored().await, before);
}

/// API-18.
#[tokio::test(flavor = "multi_thread")]
async fn an_emoji_has_64_bytes_and_not_one_more() {
    let world = World::new().await;
    let longest = "a".repeat(64);
    world.alice.react(&world.message, &longest).await.ok();
    let reactions = message(&world.message, "/reactions");
    let before = world.stored().await;
    for emoji in ["a".repeat(65), "👍".repeat(17), "x".repeat(20_000)] {
        let answer = world.alice.react(&world.message, &emoji).await;
        refused_limit(&answer, "EMOJI_INVALID", ("emoji", 64));
        let answer = world
            .alice
            .delete(&format!("{reactions}?emoji={emoji}"))
            .await;
        refused_limit(&answer, "EMOJI_INVALID", ("emoji", 64));
    }
    assert_eq!(world.stored().await, before);
}

/// API-18.
#[tokio::test(flavor = "multi_thread")]
async fn an_installation_sets_its_own_limits() {
    let server = Server::start_with(&[
        ("TALK_MAX_TEXT", "5"),
        ("TALK_MAX_NAME", "8"),
        ("TALK_MAX_DETAIL", "3"),
        ("TALK_MAX_MEDIAS", "1"),
        ("TALK_MAX_PARTICIPANTS", "2"),
        ("TALK_MAX_EMOJI_BYTES", "4"),
    ])
    .await;
    let admin = server.admin().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.post(CHATS, json!({"type": "group"})).await.ok();
    let said = alice.say(&chat, "12345").await;
    let link = json!({"type": "link", "link_url": "https://e.test"});
    let say = |mut rest: Value| {
        rest["chat_id"] = chat["id"].clone();
        (MESSAGES.to_owned(), rest)
    };
    let create = |mut rest: Value| {
        rest["type"] = json!("group");
        (CHATS.to_owned(), rest)
    };
    let react = message(&said, "/reactions");
    let owners = vec![bob.as_owner(); 3];
    let by_alice = [
        (say(json!({"text": "123456"})), TOO_LONG, ("text", 5)),
        (
            say(json!({"medias": [link, link]})),
            TOO_LONG,
            ("medias", 1),
        ),
        (create(json!({"name": "123456789"})), TOO_LONG, ("name", 8)),
        (create(json!({"detail": "1234"})), TOO_LONG, ("detail", 3)),
        (
            create(json!({"participants": owners})),
            TOO_LONG,
            ("participants", 2),
        ),
        (
            (react, json!({"emoji": "12345"})),
            "EMOJI_INVALID",
            ("emoji", 4),
        ),
    ];
    for ((path, body), reason, field) in by_alice {
        refused_limit(&alice.post(&path, body).await, reason, field);
    }
    over_name(&admin).await;
}

async fn over_name(admin: &Client) {
    let new = json!({"username": "123456789", "password": PASSWORD});
    refused_limit(&admin.post(AGENTS, new).await, TOO_LONG, ("username", 8));
    let new = json!({"username": "dave", "password": PASSWORD, "name": "123456789"});
    refused_limit(&admin.post(AGENTS, new).await, TOO_LONG, ("name", 8));
}
