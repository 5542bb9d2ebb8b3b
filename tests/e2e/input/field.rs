//! Fields of the wrong type, missing, unknown or with U+0000.

use reqwest::Method;
use serde_json::{Value, json};

use super::world::{AGENTS, CHATS, KEYS, MESSAGES, UNKNOWN, World};
use super::{refused, refused_field, refused_whole};
use talk_testkit::harness::client::{message, path};
use talk_testkit::harness::server::PASSWORD;

/// Values that are not of the type of `value`.
fn wrong(value: &Value) -> Vec<Value> {
    let mut wrong = vec![json!(true)];
    if !value.is_number() {
        wrong.extend([json!(7), json!(1.5), json!(u64::MAX)]);
    }
    match value {
        Value::String(_) => wrong.extend([json!([]), json!({}), json!(["a"])]),
        Value::Array(_) => wrong.extend([json!("a"), json!({}), json!([7]), json!([null])]),
        Value::Object(_) => wrong.extend([json!("a")]),
        _ => wrong.extend([
            json!("16"),
            json!([]),
            json!({}),
            json!(16.0),
            json!(-1),
            json!(i64::MIN),
            json!(1e300),
            json!(2e19),
        ]),
    }
    wrong
}

/// API-13.
#[tokio::test(flavor = "multi_thread")]
async fn a_field_of_the_wrong_type_is_named_by_its_path() {
    let world = World::new().await;
    let before = world.stored().await;
    for endpoint in world.endpoints() {
        for field in endpoint.fields() {
            for value in wrong(&field.value) {
                let answer = endpoint.send_with(&field, &value).await;
                let is_element = value.as_array().is_some_and(|list| !list.is_empty());
                let path = if is_element && field.value.is_array() {
                    format!("{}[0]", field.path)
                } else {
                    field.path.clone()
                };
                refused_field(&answer, "INVALID_FIELD", &path);
            }
        }
    }
    assert_eq!(world.stored().await, before);
}

/// API-19.
#[tokio::test(flavor = "multi_thread")]
async fn u_0000_is_refused_in_every_string() {
    let world = World::new().await;
    let before = world.stored().await;
    for endpoint in world.endpoints() {
        for field in endpoint.fields() {
            let Some(text) = field.value.as_str() else {
                continue;
            };
            for value in [
                format!("{text}\0"),
                format!("\0{text}"),
                format!("{}\0", "x".repeat(5_000)),
            ] {
                let answer = endpoint.send_with(&field, &json!(value)).await;
                refused_field(&answer, "NUL_CHARACTER", &field.path);
            }
        }
        let mut body = endpoint.body.clone();
        body["unheard_of"] = json!({"list": ["", "\0"]});
        let answer = endpoint.send(body.to_string()).await;
        refused_field(&answer, "NUL_CHARACTER", "unheard_of.list[1]");
    }
    assert_eq!(world.stored().await, before);
}

/// API-18.
#[tokio::test(flavor = "multi_thread")]
async fn a_number_out_of_its_range_is_refused() {
    let world = World::new().await;
    let before = world.stored().await;
    let years = json!([{"field": "expire", "limit": 3_155_760_000_u64}]);
    for (expire, reason, details) in [
        ("0", "EXPIRE_INVALID", &years),
        ("3155760001", "EXPIRE_INVALID", &years),
        ("4294967295", "EXPIRE_INVALID", &years),
        ("-0.5", "INVALID_FIELD", &json!([{"field": "expire"}])),
        ("1e400", "INVALID_JSON_BODY", &json!([])),
        (&"9".repeat(400), "INVALID_JSON_BODY", &json!([])),
    ] {
        let body = format!("{{\"expire\":{expire}}}");
        let request = world.alice.request(Method::POST, KEYS);
        let request = request.header("Content-Type", "application/json");
        let answer = talk_testkit::harness::Answer::to(request.body(body)).await;
        refused(&answer, (400, reason), details);
    }
    let bob = format!("{AGENTS}/{}", world.bob.id);
    for permission in [0, 1, 15, 17, 48, 128, u64::MAX] {
        let new = json!({"username": "dave", "password": PASSWORD, "permission": permission});
        let change = json!({"permission": permission});
        for answer in [
            world.admin.post(AGENTS, new).await,
            world.admin.put(&bob, change).await,
        ] {
            refused_field(&answer, "PERMISSION_INVALID", "permission");
        }
    }
    assert_eq!(world.stored().await, before);
}

/// API-13.
#[tokio::test(flavor = "multi_thread")]
async fn null_is_no_value_of_a_field_that_must_be_there() {
    let world = World::new().await;
    let before = world.stored().await;
    for endpoint in world.endpoints() {
        for field in endpoint.fields() {
            let is_secret = field.path.contains("password") || field.path == "username";
            let is_of_a_media = field.path.ends_with("].type") || field.path.contains("address.");
            if is_secret || is_of_a_media {
                let answer = endpoint.send_with(&field, &Value::Null).await;
                refused_field(&answer, "INVALID_FIELD", &field.path);
            }
        }
    }
    assert_eq!(world.stored().await, before);
}

/// API-13.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_or_unknown_is_named() {
    let world = World::new().await;
    let before = world.stored().await;
    let (admin, alice) = (&world.admin, &world.alice);
    for body in [json!({}), json!({"username": ""})] {
        let answer = admin.post(AGENTS, body).await;
        refused_field(&answer, "USERNAME_REQUIRED", "username");
    }
    for username in ["d e", "d\n", "\u{7f}", "d\u{a0}e", "d\u{2028}"] {
        let new = json!({"username": username, "password": PASSWORD});
        let answer = admin.post(AGENTS, new).await;
        refused_field(&answer, "USERNAME_INVALID", "username");
    }
    let bob = format!("{AGENTS}/{}", world.bob.id);
    for status in ["", "asleep", "Active", "deleted"] {
        let answer = admin.put(&bob, json!({"status": status})).await;
        refused_field(&answer, "STATUS_INVALID", "status");
    }
    for body in [json!({}), json!({"type": null}), json!({"type": ""})] {
        refused_field(&alice.post(CHATS, body).await, "TYPE_REQUIRED", "type");
    }
    for kind in ["room", "Group", "group ", "direkt", "1"] {
        let answer = alice.post(CHATS, json!({"type": kind})).await;
        refused_field(&answer, "CHAT_TYPE_INVALID", "type");
    }
    for owner in [
        json!({}),
        json!({"owner_id": world.bob.id}),
        json!({"owner_type": null, "owner_id": world.bob.id}),
        json!({"owner_type": "", "owner_id": world.bob.id}),
        json!({"owner_type": "Agent", "owner_id": world.bob.id}),
        json!({"owner_type": "customer", "owner_id": world.bob.id}),
    ] {
        let new = json!({"type": "group", "participants": [world.bob.as_owner(), owner]});
        let answer = alice.post(CHATS, new).await;
        refused_field(&answer, "OWNER_TYPE_INVALID", "participants[1].owner_type");
        let answer = alice.post(&path(&world.chat, "/participants"), owner).await;
        refused_field(&answer, "OWNER_TYPE_INVALID", "owner_type");
    }
    for nothing in [json!({}), json!({"seq": null})] {
        let answer = alice.put(&path(&world.chat, "/read"), nothing).await;
        refused_field(&answer, "SEQ_REQUIRED", "seq");
    }
    for emoji in [
        json!({}),
        json!({"emoji": null}),
        json!({"emoji": ""}),
        json!({"emoji": "a b"}),
    ] {
        let answer = alice
            .post(&message(&world.message, "/reactions"), emoji)
            .await;
        refused_field(&answer, "EMOJI_INVALID", "emoji");
    }
    assert_eq!(world.stored().await, before);
}

/// API-13 and X-13.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_or_unknown_in_a_message_is_named() {
    let world = World::new().await;
    let before = world.stored().await;
    let said = |mut rest: Value| {
        rest["chat_id"] = world.chat["id"].clone();
        world.alice.post(MESSAGES, rest)
    };
    for kind in ["shout", "Normal", "participant_joined"] {
        let answer = said(json!({"text": "t", "type": kind})).await;
        refused_field(&answer, "MESSAGE_TYPE_INVALID", "type");
    }
    let answer = said(json!({"text": "t", "type": "system"})).await;
    refused_whole(&answer, 403, "SYSTEM_TYPE_RESERVED");
    for empty in [
        json!({}),
        json!({"text": null, "medias": null}),
        json!({"text": "", "medias": []}),
        json!({"text": " \n\t\u{3000}"}),
    ] {
        refused_whole(&said(empty).await, 400, "MESSAGE_EMPTY");
    }
    let edited = message(&world.message, "");
    for (media, reason, field) in [
        (json!({}), "MEDIA_TYPE_INVALID", "type"),
        (json!({"type": ""}), "MEDIA_TYPE_INVALID", "type"),
        (json!({"type": "video"}), "MEDIA_TYPE_INVALID", "type"),
        (json!({"type": "Link"}), "MEDIA_TYPE_INVALID", "type"),
        (json!({"type": "image/"}), "MEDIA_TYPE_INVALID", "type"),
        (json!({"type": "a/b\r\nc: d"}), "MEDIA_TYPE_INVALID", "type"),
        (json!({"type": "image/png"}), "URL_INVALID", "url"),
        (json!({"type": "link"}), "URL_INVALID", "link_url"),
        (json!({"type": "agent"}), "INVALID_ID", "agent_id"),
        (json!({"type": "file"}), "INVALID_ID", "file_id"),
        (
            json!({"type": "address"}),
            "MEDIA_ADDRESS_INVALID",
            "address.type",
        ),
        (
            json!({"type": "address", "address": {"type": "tel", "target": " "}}),
            "MEDIA_ADDRESS_INVALID",
            "address.target",
        ),
        (
            json!({"type": "file", "file_id": UNKNOWN}),
            "MEDIA_FILE_NOT_FOUND",
            "file_id",
        ),
    ] {
        let link = json!({"type": "link", "link_url": "https://e.test"});
        let medias = json!({"text": "t", "medias": [link, media]});
        for answer in [
            said(medias.clone()).await,
            world.alice.put(&edited, medias).await,
        ] {
            refused_field(&answer, reason, &format!("medias[1].{field}"));
        }
    }
    assert_eq!(world.stored().await, before);
}

/// CHAT-09 and AUTH-06.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_nothing_is_refused() {
    let world = World::new().await;
    let before = world.stored().await;
    let bob = format!("{AGENTS}/{}", world.bob.id);
    for (by, path) in [
        (&world.admin, bob),
        (&world.alice, path(&world.chat, "")),
        (&world.alice, message(&world.message, "")),
    ] {
        for nothing in [
            json!({}),
            json!({"name": null, "text": null, "status": null}),
            json!({"id": UNKNOWN, "customer_id": UNKNOWN, "tm_create": "", "unheard_of": 1}),
        ] {
            let answer = by.put(&path, nothing).await;
            refused_whole(&answer, 400, "NOTHING_TO_CHANGE");
        }
    }
    assert_eq!(world.stored().await, before);
}
