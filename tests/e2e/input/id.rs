//! Malformed ids, wherever an id may be.

use serde_json::json;

use super::refused_field;
use super::world::{AGENTS, CHATS, EVENTS, KEYS, MESSAGES, UNKNOWN, World};
use talk_testkit::harness::Answer;
use talk_testkit::harness::client::{message, path};

/// Invalid ids, some of them similar to valid ones.
fn malformed() -> Vec<String> {
    let without_hyphens = UNKNOWN.replace('-', "");
    vec![
        "x".to_owned(),
        "0".to_owned(),
        "-1".to_owned(),
        "null".to_owned(),
        "' OR 1=1 --".to_owned(),
        without_hyphens.clone(),
        format!("{{{UNKNOWN}}}"),
        format!("urn:uuid:{UNKNOWN}"),
        format!("{UNKNOWN} "),
        format!(" {UNKNOWN}"),
        format!("{UNKNOWN}\n"),
        format!("{UNKNOWN}0"),
        UNKNOWN[1..].to_owned(),
        UNKNOWN.replace("018f", "018g"),
        UNKNOWN.replace("018f", "01é"),
        UNKNOWN.replace('-', "_"),
        "x".repeat(5_000),
    ]
}

fn escaped(text: &str) -> String {
    let escape = |byte: u8| match byte {
        b'0'..=b'9' | b'a'..=b'z' => char::from(byte).to_string(),
        _ => format!("%{byte:02x}"),
    };
    text.bytes().map(escape).collect()
}

/// API-02.
#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_id_in_a_body_is_named() {
    let world = World::new().await;
    let before = world.stored().await;
    for endpoint in world.endpoints() {
        for field in endpoint.fields() {
            // Fields of other kinds are ignored in a media.
            if !field.path.ends_with("_id") || field.path.ends_with("file_id") {
                continue;
            }
            for id in malformed() {
                let answer = endpoint.send_with(&field, &json!(id)).await;
                refused_field(&answer, "INVALID_ID", &field.path);
            }
            if field.path != "parent_id" {
                let answer = endpoint.send_with(&field, &json!("")).await;
                refused_field(&answer, "INVALID_ID", &field.path);
                let answer = endpoint.send_with(&field, &json!(null)).await;
                refused_field(&answer, "INVALID_ID", &field.path);
            }
        }
    }
    for id in malformed() {
        let medias = json!([{"type": "file", "file_id": id}]);
        let file = json!({"chat_id": world.chat["id"], "medias": medias});
        let answer = world.alice.post(MESSAGES, file).await;
        refused_field(&answer, "INVALID_ID", "medias[0].file_id");
    }
    assert_eq!(world.stored().await, before);
}

/// Every id in a path: its methods, what stands around it, and its name.
fn paths(participants: &str) -> [(&'static str, (&str, &'static str), &'static str); 13] {
    [
        ("GET PUT DELETE", (AGENTS, ""), "agent_id"),
        ("DELETE", (KEYS, ""), "accesskey_id"),
        ("GET PUT DELETE", (CHATS, ""), "chat_id"),
        ("POST", (CHATS, "/join"), "chat_id"),
        ("POST", (CHATS, "/close"), "chat_id"),
        ("POST", (CHATS, "/reopen"), "chat_id"),
        ("PUT", (CHATS, "/read"), "chat_id"),
        ("GET POST", (CHATS, "/participants"), "chat_id"),
        ("DELETE", (participants, ""), "participant_id"),
        ("GET PUT DELETE", (MESSAGES, ""), "message_id"),
        ("GET", (MESSAGES, "/revisions"), "message_id"),
        ("GET", (MESSAGES, "/read_by"), "message_id"),
        ("POST DELETE", (MESSAGES, "/reactions"), "message_id"),
    ]
}

/// API-02.
#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_id_in_a_path_is_named() {
    let world = World::new().await;
    let before = world.stored().await;
    let participants = path(&world.chat, "/participants");
    for (methods, (head, tail), field) in paths(&participants) {
        let mut ids: Vec<_> = malformed().iter().map(|id| escaped(id)).collect();
        ids.extend(["%00", "%ff", "%c0%af", "a%2fb", "%zz", "%"].map(String::from));
        ids.push(format!("{UNKNOWN}%00"));
        ids.push(format!("{UNKNOWN}%ff"));
        for id in ids {
            for method in methods.split(' ') {
                let method = method.parse().expect("a method");
                let request = world.admin.request(method, &format!("{head}/{id}{tail}"));
                let body = json!({
                    "name": "n", "text": "t", "emoji": "👍",
                    "owner_type": "agent", "owner_id": world.carol.id,
                });
                let answer = Answer::to(request.json(&body)).await;
                refused_field(&answer, "INVALID_ID", field);
            }
        }
    }
    assert_eq!(world.stored().await, before);
}

/// API-02.
#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_id_in_a_query_is_named() {
    let world = World::new().await;
    let mut ids: Vec<_> = malformed().iter().map(|id| escaped(id)).collect();
    ids.extend(["%00", "%zz"].map(String::from));
    for (list, field) in [
        (MESSAGES, "chat_id"),
        (MESSAGES, "parent_id"),
        (MESSAGES, "root_id"),
        (EVENTS, "chat_id"),
    ] {
        for id in &ids {
            let answer = world.alice.get(&format!("{list}?{field}={id}")).await;
            refused_field(&answer, "INVALID_ID", field);
        }
    }
    for missing in [EVENTS.to_owned(), format!("{EVENTS}?chat_id=")] {
        let answer = world.alice.get(&missing).await;
        refused_field(&answer, "INVALID_ID", "chat_id");
    }
}

/// API-02.
#[tokio::test(flavor = "multi_thread")]
async fn an_id_is_read_in_any_case() {
    let world = World::new().await;
    for it in [path(&world.chat, ""), message(&world.message, "")] {
        let (head, id) = it.rsplit_once('/').expect("a path");
        let upper = format!("{head}/{}", id.to_uppercase());
        let (shown, same) = (world.alice.get(&it).await, world.alice.get(&upper).await);
        assert_eq!(shown.ok(), same.ok());
    }
}
