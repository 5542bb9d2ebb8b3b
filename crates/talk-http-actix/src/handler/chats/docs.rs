//! How chats are described.

use serde_json::json;
use talk_domain::access::AccessError;
use talk_domain::chat::create::CreateChatError;
use talk_domain::chat::delete::DeleteChatError;
use talk_domain::chat::update::UpdateChatError;
use talk_domain::read::mark::MarkReadError;
use talk_wire::request::{CreateChat, MarkRead, Owner, UpdateChat};
use talk_wire::resource::AGENT;

use crate::openapi::example::{self, BOB, either, sent};
use crate::openapi::{Need, Operation, query};

const ALL: &str = "/v1.0/service_agents/talk_chats";
const ONE: &str = "/v1.0/service_agents/talk_chats/{chat_id}";

pub(crate) fn operations() -> Vec<Operation> {
    vec![
        create(),
        list(),
        show(),
        update(),
        delete(),
        close(),
        reopen(),
        read(),
    ]
}

pub(crate) fn show() -> Operation {
    Operation::new("get", ONE, "showChat", "Shows a chat")
        .about("To participants; a channel to every agent of the customer.")
        .refuses::<AccessError>()
        .answers("The chat.", &example::chat())
        .placed()
}

pub(crate) fn delete() -> Operation {
    Operation::new("delete", ONE, "deleteChat", "Deletes a chat")
        .about(
            "By its creator, or by an admin or manager who participates. Its participants are \
                 removed, and all its paths answer 404 from then on, but for this one, which \
                 answers the same again.",
        )
        .refuses::<DeleteChatError>()
        .answers("The deleted chat.", &example::chat())
}

/// Somebody to bring along.
pub(crate) fn owner() -> Owner {
    Owner {
        owner_type: Some(AGENT.to_owned()),
        owner_id: Some(BOB.to_owned()),
    }
}

fn create() -> Operation {
    let group = CreateChat {
        kind: Some("group".to_owned()),
        name: Some("Project Discussion".to_owned()),
        detail: Some("Everything about the project".to_owned()),
        participants: Some(vec![owner()]),
        participant_ids: None,
    };
    let direct = CreateChat {
        kind: Some("direct".to_owned()),
        name: None,
        detail: None,
        ..group.clone()
    };
    Operation::new("post", ALL, "createChat", "Creates a chat")
        .about(
            "The caller becomes a participant. `direct` is between exactly two agents, one per \
             pair: creating it again answers the same chat, reopened. `group` is by invitation. \
             `talk` is a channel every agent of the customer can find and join. `normal` counts \
             as `group`.",
        )
        .body::<CreateChat>(
            Need::Must,
            &either([sent("a group", &group), sent("a direct chat", &direct)]),
        )
        .once()
        .reasons(&[
            "CHAT_TYPE_INVALID",
            "INVALID_ID",
            "LIMIT_EXCEEDED",
            "OWNER_TYPE_INVALID",
            "TYPE_REQUIRED",
        ])
        .refuses::<CreateChatError>()
        .answers(
            "The chat.",
            &example::new_chat("Everything about the project"),
        )
}

pub(crate) fn list() -> Operation {
    let kinds = json!({"type": "string", "enum": ["direct", "group", "talk", "normal", ""]});
    let states = json!({"type": "string", "enum": ["active", "closed", ""]});
    Operation::new("get", ALL, "listChats", "Lists the caller's chats")
        .takes([
            query("type", &kinds, "Chats of this type."),
            query("status", &states, "Chats in this state."),
        ])
        .paged()
        .reasons(&["CHAT_TYPE_INVALID", "STATUS_INVALID"])
        .lists("A page of chats.", &example::chat())
}

pub(crate) fn update() -> Operation {
    let request = UpdateChat {
        name: Some("Project Nova".to_owned()),
        detail: None,
    };
    Operation::new(
        "put",
        ONE,
        "updateChat",
        "Changes name and detail of a chat",
    )
    .about("By participants. What is absent stays.")
    .body::<UpdateChat>(Need::Must, &sent("another name", &request))
    .reasons(&["LIMIT_EXCEEDED"])
    .refuses::<UpdateChatError>()
    .answers("The chat.", &example::chat())
}

pub(crate) fn close() -> Operation {
    Operation::new(
        "post",
        "/v1.0/service_agents/talk_chats/{chat_id}/close",
        "closeChat",
        "Closes a chat",
    )
    .about("By participants. A closed chat stays readable and takes nothing new.")
    .no_body()
    .once()
    .refuses::<AccessError>()
    .answers("The chat.", &example::chat())
}

pub(crate) fn reopen() -> Operation {
    Operation::new(
        "post",
        "/v1.0/service_agents/talk_chats/{chat_id}/reopen",
        "reopenChat",
        "Opens a closed chat again",
    )
    .about("By participants; an empty chat by who was one, and becomes one again.")
    .no_body()
    .once()
    .refuses::<AccessError>()
    .answers("The chat.", &example::chat())
}

fn read() -> Operation {
    Operation::new(
        "put",
        "/v1.0/service_agents/talk_chats/{chat_id}/read",
        "markRead",
        "Marks a chat as read up to an event",
    )
    .body::<MarkRead>(
        Need::Must,
        &sent("the last event seen", &MarkRead { seq: Some(4) }),
    )
    .reasons(&["SEQ_AHEAD_OF_HEAD", "SEQ_REQUIRED"])
    .refuses::<MarkReadError>()
    .answers("The chat.", &example::chat())
}
