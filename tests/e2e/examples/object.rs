//! Documented objects: the test creates each and compares it.

use serde_json::{Value, json};

use super::file::Example;
use super::promise::check_shape;
use super::story::Story;
use talk_testkit::harness::dialect::id;

/// Makes what an object describes and compares the two.
pub(super) async fn run(story: &mut Story, example: &Example) {
    let documented: Value = serde_json::from_str(&example.quoted).expect("an object");
    if story.chat.is_null() {
        story.group("Project").await;
    }
    let made = if documented.get("member_count").is_some() {
        chat(story, example, &documented).await
    } else if documented.get("tm_joined").is_some() {
        participant(story, &documented).await
    } else if documented["type"] == "system" {
        system_message(story, &documented).await
    } else {
        message(story, &documented).await
    };
    if documented["id"] == "<string>" {
        check_shape(example, &documented, &made);
    } else {
        story.names.check(example, &documented, &made);
    }
}

/// A documented text, or another for `<string>`.
fn text<'a>(documented: &'a Value, field: &str, other: &'a str) -> &'a str {
    match documented[field].as_str() {
        None | Some("<string>") => other,
        Some(text) => text,
    }
}

async fn chat(story: &mut Story, example: &Example, documented: &Value) -> Value {
    let members = example.expected("member_count", &documented["member_count"]);
    let members = members.as_u64().unwrap_or(3);
    let others = (1..members).zip(story.others());
    let others: Vec<_> = others.map(|(_, agent)| agent).collect();
    let body = json!({
        "type": text(documented, "type", "group"),
        "name": text(documented, "name", "General"),
        "detail": text(documented, "detail", ""),
        "participants": story.dialect.participants(&others),
    });
    let chat = story
        .agent("A")
        .post(story.dialect.chats(), body)
        .await
        .ok();
    story.created(chat.clone());
    chat
}

/// The chat that is documented, or the last one.
fn chat_of(story: &Story, documented: &Value) -> Value {
    match documented["chat_id"]
        .as_str()
        .and_then(|id| story.names.get(id))
    {
        Some(id) => json!({"id": id}),
        None => story.chat.clone(),
    }
}

async fn participant(story: &mut Story, documented: &Value) -> Value {
    let owner = story
        .names
        .get(text(documented, "owner_id", ""))
        .map(str::to_owned);
    let owner = owner.unwrap_or_else(|| story.agent("A").id.clone());
    let path = story
        .dialect
        .chat(&chat_of(story, documented), "/participants");
    let rows = story.agent("A").get(&path).await.rows();
    let row = rows.into_iter().find(|row| row["owner_id"] == owner);
    row.expect("a participant")
}

async fn message(story: &mut Story, documented: &Value) -> Value {
    let [a, b] = ["A", "B"].map(|letter| story.agent(letter).clone());
    let chat = chat_of(story, documented);
    let mut body = json!({
        "chat_id": chat["id"],
        "text": text(documented, "text", "hello"),
        "medias": documented["medias"],
    });
    if let Some(parent) = documented["parent_id"].as_str() {
        let said = story.dialect.say(&b, &chat, "Shall we?", None).await;
        if parent != "<string>" {
            story.names.bind(parent, id(&said));
        }
        body["parent_id"] = said["id"].clone();
    }
    if documented["medias"][0]["type"] == "<string>" {
        body["medias"] = json!([{"type": "link", "link_url": "https://e.test"}]);
    }
    let path = story.dialect.messages(&chat, "");
    let mut said = a.post(&path, body).await.ok();
    let written = said["tm_update"].clone();
    let reactions = documented["metadata"]["reactions"].as_array();
    for reaction in reactions.into_iter().flatten() {
        let emoji = text(reaction, "emoji", "👍");
        said = story.dialect.react(&b, &said, emoji).await.ok();
        assert!(said["tm_update"].as_str() > written.as_str());
    }
    said
}

/// Does what the message tells of; the message.
async fn system_message(story: &mut Story, documented: &Value) -> Value {
    let (dialect, chat) = (story.dialect, story.chat.clone());
    let told = documented["text"].as_str().expect("a text");
    let letter = told
        .trim_start_matches("Agent ")
        .chars()
        .next()
        .expect("an agent");
    let (a, agent) = (story.agent("A"), story.agent(&letter.to_string()));
    dialect.remove(a, &chat, agent).await;
    if told.contains("joined") {
        dialect.add(a, &chat, agent).await;
    }
    let mut rows = a.get(&dialect.messages(&chat, "")).await.rows();
    if told.contains("left") {
        dialect.add(a, &chat, agent).await;
    }
    rows.swap_remove(0)
}

/// Makes a chat or message of a documented type.
pub(super) async fn run_type(story: &mut Story, example: &Example) {
    let kind = example.quoted.trim();
    story.group("Project").await;
    let made = match kind {
        "normal" => message(story, &json!({})).await,
        "system" => system_message(story, &json!({"text": "Agent C left."})).await,
        kind => {
            let (a, b) = (story.agent("A"), story.agent("B"));
            a.try_chat(kind, &[b]).await.ok()
        }
    };
    assert_eq!(made["type"], kind, "{}", example.name);
}
