//! Examples of conversations with people outside.

use talk_wire::resource::{
    AGENT, AccountCheck, AccountReceipt, Author, Conversation, ConversationAccount,
    ConversationMessage, ConversationParticipant, OpenedConversation, OwnConversation, PeerAddress,
    ProviderData,
};

use super::{BOB, CUSTOMER, LATER, MESSAGE, TIME};
use crate::endpoint::Resource;

const ACCOUNT: &str = "018d1732-10aa-7c31-9d02-a1b2c3d4e5f6";
const CONVERSATION: &str = "018d1732-21bb-7d42-8e13-b2c3d4e5f607";
/// The room of the conversation.
const ROOM: &str = "018d1732-32cc-7e53-9f24-c3d4e5f60718";
/// The address of a visitor.
const VISITOR: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

/// The example id of `parameter`, if it is one of conversations.
pub(super) fn id(parameter: &str) -> Option<&'static str> {
    match parameter {
        "account_id" => Some(ACCOUNT),
        "conversation_id" => Some(CONVERSATION),
        _ => None,
    }
}

impl Resource for ConversationAccount {
    const ONE: &'static str = "The account.";
    const MANY: &'static str = "A page of accounts.";

    fn example() -> Self {
        Self {
            id: ACCOUNT.to_owned(),
            customer_id: CUSTOMER.to_owned(),
            kind: "webchat".to_owned(),
            name: "Shop".to_owned(),
            detail: String::new(),
            provider_data: ProviderData {
                origins: vec!["https://shop.example.com".to_owned()],
                ..ProviderData::default()
            },
            hook_url: String::new(),
            problem: None,
            tm_create: TIME.to_owned(),
            tm_update: TIME.to_owned(),
            tm_delete: String::new(),
        }
    }
}

impl Resource for AccountCheck {
    const ONE: &'static str = "Whether the account works.";
    const MANY: &'static str = "A page of answers.";

    fn example() -> Self {
        Self {
            ok: true,
            detail: String::new(),
        }
    }
}

impl Resource for AccountReceipt {
    const ONE: &'static str = "The receipt.";
    const MANY: &'static str = "A page of receipts.";

    fn example() -> Self {
        Self {
            id: ROOM.to_owned(),
            account_id: ACCOUNT.to_owned(),
            event_id: "SM1d0e4f2a".to_owned(),
            state: "failed".to_owned(),
            error: "the form has no From or no To".to_owned(),
            tm_create: TIME.to_owned(),
        }
    }
}

fn address(target: &str, name: &str) -> PeerAddress {
    PeerAddress {
        kind: "webchat".to_owned(),
        target: target.to_owned(),
        target_name: name.to_owned(),
        name: String::new(),
        detail: String::new(),
    }
}

impl Resource for OwnConversation {
    const ONE: &'static str = "The conversation.";
    const MANY: &'static str = "A page of conversations.";

    fn example() -> Self {
        Self {
            conversation: conversation(),
            read_seq: 4,
            unread_count: 0,
        }
    }
}

impl Resource for Conversation {
    const ONE: &'static str = "The conversation.";
    const MANY: &'static str = "A page of conversations.";

    fn example() -> Self {
        conversation()
    }
}

impl Resource for OpenedConversation {
    const ONE: &'static str = "The conversation.";
    const MANY: &'static str = "A page of conversations.";

    fn example() -> Self {
        Self {
            conversation: conversation(),
            read_seq: 0,
            unread_count: 0,
            created: true,
        }
    }
}

impl Resource for ConversationParticipant {
    const ONE: &'static str = "The participant.";
    const MANY: &'static str = "The participants.";

    fn example() -> Self {
        Self {
            customer_id: CUSTOMER.to_owned(),
            conversation_id: CONVERSATION.to_owned(),
            owner_type: AGENT.to_owned(),
            owner_id: BOB.to_owned(),
            tm_create: TIME.to_owned(),
        }
    }
}

fn conversation() -> Conversation {
    Conversation {
        id: CONVERSATION.to_owned(),
        customer_id: CUSTOMER.to_owned(),
        owner_type: AGENT.to_owned(),
        owner_id: BOB.to_owned(),
        account_id: ACCOUNT.to_owned(),
        name: format!("Chat \u{b7} {VISITOR}"),
        detail: String::new(),
        kind: "webchat".to_owned(),
        dialog_id: String::new(),
        own: address(ACCOUNT, "Shop"),
        peer: address(VISITOR, ""),
        tm_opt_out: String::new(),
        state: "active".to_owned(),
        participants_count: 0,
        last_seq: 4,
        tm_create: TIME.to_owned(),
        tm_update: LATER.to_owned(),
        tm_delete: String::new(),
    }
}

impl Resource for ConversationMessage {
    const ONE: &'static str = "The message.";
    const MANY: &'static str = "A page of messages.";

    fn example() -> Self {
        Self {
            id: MESSAGE.to_owned(),
            customer_id: CUSTOMER.to_owned(),
            conversation_id: CONVERSATION.to_owned(),
            room_id: ROOM.to_owned(),
            direction: "outgoing".to_owned(),
            status: "done".to_owned(),
            delivery: "accepted".to_owned(),
            failure: None,
            reference_type: "webchat".to_owned(),
            reference_id: String::new(),
            author: Author {
                owner_type: AGENT.to_owned(),
                owner_id: BOB.to_owned(),
            },
            source: address(ACCOUNT, "Shop"),
            destination: address(VISITOR, ""),
            text: "Hello, how can I help?".to_owned(),
            medias: Vec::new(),
            seq: 4,
            tm_create: LATER.to_owned(),
            tm_update: LATER.to_owned(),
            tm_delete: String::new(),
        }
    }
}
