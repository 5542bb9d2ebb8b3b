//! Examples, built from the types that they show.

mod conversation;
mod intercept;
mod webhook;

use serde_json::{Value, json};
use talk_wire::legacy;
use talk_wire::legacy::resource::Status;
use talk_wire::request::LoginAnswer;
use talk_wire::resource::{
    AGENT, AccessKey, Address, Agent, AgentPresence, Chat, Customer, File, Health, Media, Message,
    Metadata, OwnChat, Participant, Reaction, ReadMark, Revision,
};

use crate::endpoint::Resource;
pub(crate) use intercept::intercept;
pub(crate) use webhook::webhook;

const CUSTOMER: &str = "550e8400-e29b-41d4-a716-446655440000";
const ALICE: &str = "018d1729-a3f0-7cc4-b8d2-1d2c3b4a5f60";
/// Another agent.
pub(crate) const BOB: &str = "018d1729-b4e1-7a52-8f3e-6a7b8c9d0e1f";
/// A chat.
pub(crate) const CHAT: &str = "018d172a-0c5e-7f61-9e2a-3b4c5d6e7f80";
/// A message.
pub(crate) const MESSAGE: &str = "018d172d-3f0a-7c3e-9b1a-5d2c4e6f8a90";
const PARTICIPANT: &str = "018d172a-0c60-7b12-a3c4-d5e6f7081920";
pub(crate) const FILE: &str = "018d172c-9a1b-7d44-8e6f-7a8b9c0d1e2f";
const WEBHOOK: &str = "018d1730-88bb-7e12-83d4-e5f607182930";
/// A decision of an intercept.
pub(crate) const DECISION: &str = "018d1730-99cc-7f23-94e5-f60718293041";
const ACCESS_KEY: &str = "018d1730-77aa-7d01-b2c3-d4e5f6071829";
/// The log of this installation.
pub(crate) const EPOCH: &str = "018d1728-90ab-7cde-8f01-23456789abcd";
const TIME: &str = "2024-01-17 10:30:00.000000";
const LATER: &str = "2024-01-17 10:31:12.345678";

/// The example id of `parameter`.
pub(crate) fn id(parameter: &str) -> &'static str {
    match parameter {
        "message_id" => MESSAGE,
        "agent_id" => BOB,
        "participant_id" => PARTICIPANT,
        "file_id" => FILE,
        "accesskey_id" => ACCESS_KEY,
        "webhook_id" => WEBHOOK,
        "held_id" => DECISION,
        "point" => "talk_message",
        _ => conversation::id(parameter).unwrap_or(CHAT),
    }
}

impl Resource for OwnChat {
    const ONE: &'static str = "The chat.";
    const MANY: &'static str = "A page of chats.";

    fn example() -> Self {
        Self {
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
}

/// A chat of two as its creation answers it.
pub(crate) fn new_chat(detail: &str) -> OwnChat {
    let mut own = OwnChat::example();
    detail.clone_into(&mut own.chat.detail);
    own.chat.last_seq = 3;
    own.read_seq = 0;
    own
}

impl Resource for File {
    const ONE: &'static str = "The file.";
    const MANY: &'static str = "A page of files.";

    fn example() -> Self {
        Self {
            id: FILE.to_owned(),
            customer_id: CUSTOMER.to_owned(),
            owner_type: AGENT.to_owned(),
            owner_id: ALICE.to_owned(),
            reference_type: String::new(),
            reference_id: "00000000-0000-0000-0000-000000000000".to_owned(),
            kind: "talk".to_owned(),
            name: "Screenshot".to_owned(),
            detail: String::new(),
            filename: "screenshot.png".to_owned(),
            filesize: 48_213,
            uri_download: "https://talk.example.com/v1.0/files/550e8400e29b41d4…".to_owned(),
            tm_download_expire: LATER.to_owned(),
            tm_create: TIME.to_owned(),
            tm_update: TIME.to_owned(),
            tm_delete: String::new(),
            mime: "image/png".to_owned(),
            sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned(),
        }
    }
}

impl Resource for Participant {
    const ONE: &'static str = "The participant.";
    const MANY: &'static str = "A page of participants.";

    fn example() -> Self {
        Self {
            id: PARTICIPANT.to_owned(),
            customer_id: CUSTOMER.to_owned(),
            owner_type: AGENT.to_owned(),
            owner_id: BOB.to_owned(),
            chat_id: CHAT.to_owned(),
            tm_joined: TIME.to_owned(),
        }
    }
}

impl Resource for Message {
    const ONE: &'static str = "The message.";
    const MANY: &'static str = "A page of messages.";

    fn example() -> Self {
        Self {
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
}

impl Resource for Revision {
    const ONE: &'static str = "The version.";
    const MANY: &'static str = "A page of versions.";

    fn example() -> Self {
        Self {
            message_id: MESSAGE.to_owned(),
            text: "Hello taem!".to_owned(),
            medias: Vec::new(),
            tm_create: TIME.to_owned(),
        }
    }
}

impl Resource for ReadMark {
    const ONE: &'static str = "The reader.";
    const MANY: &'static str = "A page of readers.";

    fn example() -> Self {
        Self {
            customer_id: CUSTOMER.to_owned(),
            chat_id: CHAT.to_owned(),
            owner_type: AGENT.to_owned(),
            owner_id: BOB.to_owned(),
            read_seq: 4,
            tm_update: LATER.to_owned(),
        }
    }
}

impl Resource for Agent {
    const ONE: &'static str = "The agent.";
    const MANY: &'static str = "A page of agents.";

    fn example() -> Self {
        Self {
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
}

impl Resource for Customer {
    const ONE: &'static str = "The customer.";
    const MANY: &'static str = "A list of one.";

    fn example() -> Self {
        Self {
            id: CUSTOMER.to_owned(),
            name: "Example Inc.".to_owned(),
            webhook_method: "POST".to_owned(),
            webhook_uri: "https://hooks.example.com/talk".to_owned(),
            tm_create: TIME.to_owned(),
            tm_update: TIME.to_owned(),
            tm_delete: String::new(),
        }
    }
}

impl Resource for AgentPresence {
    const ONE: &'static str = "The presence.";
    const MANY: &'static str = "All of them, on one page.";

    fn example() -> Self {
        Self {
            agent_id: BOB.to_owned(),
            status: "online".to_owned(),
        }
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

impl Resource for AccessKey {
    const ONE: &'static str = "The key.";
    const MANY: &'static str = "A page of keys.";

    fn example() -> Self {
        access_key(None)
    }
}

impl Resource for LoginAnswer {
    const ONE: &'static str = "A login token.";
    const MANY: &'static str = "Login tokens.";

    fn example() -> Self {
        Self {
            username: "alice".to_owned(),
            token: "eyJhbGciOiJIUzI1NiJ9.e30.ZRrHA1JJJW8opsbCGfG_HACGpVUMN_a9IV7pAx_Zmeo"
                .to_owned(),
        }
    }
}

impl Resource for legacy::resource::Message {
    const ONE: &'static str = "The message.";
    const MANY: &'static str = "A page of messages.";

    fn example() -> Self {
        Message::example().into()
    }
}

impl Resource for legacy::resource::Participant {
    const ONE: &'static str = "The participant.";
    const MANY: &'static str = "A page of participants.";

    fn example() -> Self {
        Self::new(Participant::example(), Status::Active)
    }
}

/// A link and a telephone number.
pub(crate) fn medias() -> Vec<Media> {
    let link = Media {
        kind: "link".to_owned(),
        link_url: Some("https://example.com/minutes".to_owned()),
        ..Media::default()
    };
    let address = Media {
        kind: "address".to_owned(),
        address: Some(Address {
            kind: "tel".to_owned(),
            target: "+15551234567".to_owned(),
            ..Address::default()
        }),
        ..Media::default()
    };
    vec![link, address]
}

/// A part of a log.
pub(super) fn events() -> Value {
    let event = json!({
        "type": "chatmessage_created",
        "data": Message::example(),
        "chat_id": CHAT,
        "seq": 4,
    });
    json!({"result": [event], "log_start": 0, "head": 4, "epoch": EPOCH})
}

impl Resource for Health {
    const ONE: &'static str = "It does.";
    const MANY: &'static str = "Servers.";

    fn example() -> Self {
        Self {
            status: "ok",
            changes: None,
        }
    }
}
