//! Rebuilds a chat from its events, as a client does.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// A chat with everything in it, as JSON shows it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Folded {
    pub(super) chat: Value,
    pub(super) participants: BTreeMap<String, Value>,
    pub(super) messages: BTreeMap<String, Value>,
    /// The event each participant has read up to.
    pub(super) read: BTreeMap<String, Value>,
}

fn id(value: &Value) -> String {
    value.as_str().expect("an id").to_owned()
}

fn add(count: &mut Value, change: i64) {
    *count = json!(count.as_i64().unwrap_or_default() + change);
}

impl Folded {
    pub(super) fn nothing() -> Self {
        Self {
            chat: Value::Null,
            participants: BTreeMap::new(),
            messages: BTreeMap::new(),
            read: BTreeMap::new(),
        }
    }

    /// Returns the `seq` of the last applied event.
    pub(super) fn seq(&self) -> u64 {
        self.chat["last_seq"].as_u64().expect("a number")
    }

    /// Applies the events after `since`.
    pub(super) fn after(mut self, events: &[Value], since: u64) -> Self {
        for event in events {
            if event["seq"].as_u64().expect("a number") > since {
                self.apply(event);
            }
        }
        self
    }

    fn apply(&mut self, event: &Value) {
        let data = event["data"].clone();
        match event["type"].as_str().expect("a type") {
            "chat_created" | "chat_updated" => self.chat = data,
            "chat_deleted" => {
                self.chat = data;
                self.participants.clear();
                self.read.clear();
            }
            "chatparticipant_added" => {
                self.participants.insert(id(&data["owner_id"]), data);
                add(&mut self.chat["member_count"], 1);
            }
            "chatparticipant_removed" => {
                self.participants.remove(&id(&data["owner_id"]));
                self.read.remove(&id(&data["owner_id"]));
                add(&mut self.chat["member_count"], -1);
            }
            "chatmessage_created" => {
                self.count_reply(&data, 1);
                self.messages.insert(id(&data["id"]), data);
            }
            "chatmessage_deleted" => {
                self.count_reply(&data, -1);
                self.messages.insert(id(&data["id"]), data);
            }
            "chatmessage_updated" | "chatmessage_reaction_updated" => {
                self.messages.insert(id(&data["id"]), data);
            }
            "chat_read_updated" => {
                let read = data["read_seq"].clone();
                self.read.insert(id(&data["owner_id"]), read);
            }
            other => panic!("no event is called {other}"),
        }
        self.chat["last_seq"] = event["seq"].clone();
    }

    fn count_reply(&mut self, data: &Value, change: i64) {
        let parent = data.get("parent_id").map(id);
        if let Some(parent) = parent.and_then(|parent| self.messages.get_mut(&parent)) {
            add(&mut parent["reply_count"], change);
        }
    }
}
