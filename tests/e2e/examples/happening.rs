//! Documented events: the test causes each, and another agent's socket gets it.

use serde_json::{Value, json};

use super::file::Example;
use super::story::{Story, event};

/// Makes the event of a table's row or a drawing's arrow happen.
pub(super) async fn run(story: &mut Story, example: &Example) {
    let line = example.lines().next().expect("an event");
    let words = line.split(|c: char| !c.is_ascii_lowercase() && c != '_');
    let kind = words
        .into_iter()
        .find(|word| word.len() > 1)
        .expect("its name");
    let mut audience = story.socket("B").await;
    story.group("Project").await;
    let what = cause(story, kind).await;
    for about in what {
        let frame = event(&mut audience, kind, &about).await;
        assert_eq!(
            frame["chat_id"], story.chat["id"],
            "{}: {frame}",
            example.name
        );
    }
}

/// Does what fires an event; what the events are about, one by one.
async fn cause(story: &Story, kind: &str) -> Vec<Value> {
    let (dialect, chat) = (story.dialect, &story.chat);
    let (a, c) = (story.agent("A"), story.agent("C"));
    match kind {
        "chat_created" => return vec![chat.clone()],
        "chat_updated" => {
            let name = json!({"name": "Another"});
            return vec![a.put(&dialect.chat(chat, ""), name).await.ok()];
        }
        "chat_deleted" => return vec![a.delete(&dialect.chat(chat, "")).await.ok()],
        "participant_left" | "chatparticipant_removed" => {
            return vec![dialect.remove(c, chat, c).await];
        }
        "participant_joined" | "chatparticipant_added" => {
            dialect.remove(c, chat, c).await;
            return vec![dialect.add(a, chat, c).await];
        }
        _ => {}
    }
    let said = dialect.say(a, chat, "hello", None).await;
    let reactions = dialect.reactions(&said);
    match kind {
        "message_created" | "chatmessage_created" => {}
        "message_updated" => {
            let text = json!({"text": "hello, world"});
            a.put(&dialect.message(&said), text).await.ok();
        }
        "message_deleted" | "chatmessage_deleted" => {
            a.delete(&dialect.message(&said)).await.ok();
        }
        "reaction_added" | "reaction_removed" | "chatmessage_reaction_updated" => {
            dialect.react(c, &said, "👍").await.ok();
            c.delete(&format!("{reactions}?emoji=%2B1")).await.ok();
            if kind == "chatmessage_reaction_updated" {
                return vec![said.clone(), said];
            }
        }
        _ => panic!("nothing fires {kind}"),
    }
    vec![said]
}
