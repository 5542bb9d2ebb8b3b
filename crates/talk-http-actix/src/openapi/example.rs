//! Examples, made of the very types they show.

use serde::Serialize;
use serde_json::{Map, Value, json};
use talk_wire::resource::{
    AGENT, AccessKey, Agent, AgentPresence, Chat, Customer, Message, Metadata, OwnChat,
    Participant, Reaction, ReadMark, Revision,
};

const CUSTOMER: &str = "550e8400-e29b-41d4-a716-446655440000";
const ALICE: &str = "018d1729-a3f0-7cc4-b8d2-1d2c3b4a5f60";
/// Another agent.
pub(crate) const BOB: &str = "018d1729-b4e1-7a52-8f3e-6a7b8c9d0e1f";
/// A chat.
pub(crate) const CHAT: &str = "018d172a-0c5e-7f61-9e2a-3b4c5d6e7f80";
/// A message.
pub(crate) const MESSAGE: &str = "018d172d-3f0a-7c3e-9b1a-5d2c4e6f8a90";
const PARTICIPANT: &str = "018d172a-0c60-7b12-a3c4-d5e6f7081920";
const ACCESS_KEY: &str = "018d1730-77aa-7d01-b2c3-d4e5f6071829";
/// The log of this installation.
pub(crate) const EPOCH: &str = "018d1728-90ab-7cde-8f01-23456789abcd";
const TIME: &str = "2024-01-17 10:30:00.000000";
const LATER: &str = "2024-01-17 10:31:12.345678";

/// The id that stands for `parameter`.
pub(crate) fn id(parameter: &str) -> &'static str {
    match parameter {
        "message_id" => MESSAGE,
        "agent_id" => BOB,
        "participant_id" => PARTICIPANT,
        "accesskey_id" => ACCESS_KEY,
        _ => CHAT,
    }
}

/// A request without what it leaves out.
pub(crate) fn sent(name: &str, request: &impl Serialize) -> Value {
    let mut request = json!(request);
    if let Some(fields) = request.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    let mut examples = Map::new();
    examples.insert(name.to_owned(), json!({"value": request}));
    examples.into()
}

/// Several requests.
pub(crate) fn either<const N: usize>(examples: [Value; N]) -> Value {
    let examples = examples.into_iter().filter_map(|example| match example {
        Value::Object(named) => Some(named),
        _ => None,
    });
    examples.flatten().collect::<Map<_, _>>().into()
}

pub(crate) fn chat() -> OwnChat {
    OwnChat {
        chat: Chat {
            id: CHAT.to_owned(),
            customer_id: CUSTOMER.to_owned(),
            kind: "group".to_owned(),
            name: "Project Discussion".to_owned(),
            detail: "Everything about the project".to_owned(),
            status: "active".to_owned(),
            member_count: 2,
            last_seq: 4,
            tm_create: TIME.to_owned(),
            tm_update: TIME.to_owned(),
            tm_delete: String::new(),
        },
        read_seq: 4,
        unread_count: 0,
        mention_count: 0,
    }
}

/// A chat of two as its creation answers it.
pub(crate) fn new_chat(detail: &str) -> OwnChat {
    let mut own = chat();
    detail.clone_into(&mut own.chat.detail);
    own.chat.last_seq = 3;
    own.read_seq = 0;
    own
}

pub(crate) fn participant() -> Participant {
    Participant {
        id: PARTICIPANT.to_owned(),
        customer_id: CUSTOMER.to_owned(),
        owner_type: AGENT.to_owned(),
        owner_id: BOB.to_owned(),
        chat_id: CHAT.to_owned(),
        tm_joined: TIME.to_owned(),
    }
}

pub(crate) fn message() -> Message {
    Message {
        id: MESSAGE.to_owned(),
        customer_id: CUSTOMER.to_owned(),
        owner_type: AGENT.to_owned(),
        owner_id: ALICE.to_owned(),
        chat_id: CHAT.to_owned(),
        parent_id: None,
        kind: "normal".to_owned(),
        text: "Hello team!".to_owned(),
        medias: Vec::new(),
        metadata: Metadata {
            reactions: vec![Reaction {
                emoji: "👍".to_owned(),
                owner_type: AGENT.to_owned(),
                owner_id: BOB.to_owned(),
                tm_create: LATER.to_owned(),
            }],
            system: None,
        },
        tm_create: TIME.to_owned(),
        tm_update: LATER.to_owned(),
        tm_delete: String::new(),
        seq: 4,
        root_id: MESSAGE.to_owned(),
        depth: 0,
        reply_count: 0,
        tm_edit: String::new(),
        reaction_counts: [("👍".to_owned(), 1)].into(),
    }
}

pub(crate) fn revision() -> Revision {
    Revision {
        message_id: MESSAGE.to_owned(),
        text: "Hello taem!".to_owned(),
        medias: Vec::new(),
        tm_create: TIME.to_owned(),
    }
}

pub(crate) fn read_mark() -> ReadMark {
    ReadMark {
        customer_id: CUSTOMER.to_owned(),
        chat_id: CHAT.to_owned(),
        owner_type: AGENT.to_owned(),
        owner_id: BOB.to_owned(),
        read_seq: 4,
        tm_update: LATER.to_owned(),
    }
}

pub(crate) fn agent() -> Agent {
    Agent {
        id: BOB.to_owned(),
        customer_id: CUSTOMER.to_owned(),
        username: "bob".to_owned(),
        name: "Bob".to_owned(),
        detail: String::new(),
        permission: 16,
        status: "active".to_owned(),
        tm_create: TIME.to_owned(),
        tm_update: TIME.to_owned(),
        tm_delete: String::new(),
    }
}

/// As it is listed; `token` only in the answer to its creation.
pub(crate) fn access_key(token: Option<&str>) -> AccessKey {
    AccessKey {
        id: ACCESS_KEY.to_owned(),
        customer_id: CUSTOMER.to_owned(),
        agent_id: BOB.to_owned(),
        name: "build server".to_owned(),
        detail: String::new(),
        token: token.map(str::to_owned),
        token_prefix: "vb_8Kq2xYz1".to_owned(),
        derived: false,
        tm_expire: String::new(),
        tm_create: TIME.to_owned(),
        tm_update: TIME.to_owned(),
        tm_delete: String::new(),
    }
}

pub(crate) fn customer() -> Customer {
    Customer {
        id: CUSTOMER.to_owned(),
        name: "Example Inc.".to_owned(),
        tm_create: TIME.to_owned(),
        tm_update: TIME.to_owned(),
        tm_delete: String::new(),
    }
}

pub(crate) fn presence() -> AgentPresence {
    AgentPresence {
        agent_id: BOB.to_owned(),
        status: "online".to_owned(),
    }
}
