//! How the endpoints of the first generations are described.

use serde_json::json;
use talk_domain::access::AccessError;
use talk_domain::chat::create::CreateChatError;
use talk_domain::message::delete::DeleteMessageError;
use talk_domain::participant::add::AddParticipantError;
use talk_domain::participant::remove::RemoveParticipantError;
use talk_wire::legacy::request::{CreateTalk, PostMessage};
use talk_wire::legacy::resource::{Message, Participant, Status};
use talk_wire::request::AddParticipant;

use crate::handler::{chats, messages, reactions};
use crate::openapi::example::{self, BOB, either, sent};
use crate::openapi::{Need, Operation, field, query};

const ALL: &str = "/v1.0/talks";
const ONE: &str = "/v1.0/talks/{chat_id}";
const PARTICIPANTS: &str = "/v1.0/talks/{chat_id}/participants";
const MESSAGES: &str = "/v1.0/talks/{chat_id}/messages";
const MESSAGE: &str = "/v1.0/talks/{chat_id}/messages/{message_id}";
const CHATS: &str = "/v1.0/service_agents/talk_chats";
const CHAT_PARTICIPANTS: &str = "/v1.0/service_agents/talk_chats/{chat_id}/participants";
const REACTIONS: &str = "/v1.0/messages/{message_id}/reactions";

pub(crate) fn operations() -> Vec<Operation> {
    let talks = [
        create(),
        chats::docs::list().renamed(ALL, "listTalks"),
        chats::docs::show().renamed(ONE, "showTalk"),
        chats::docs::update().renamed(ONE, "updateTalk"),
        chats::docs::delete().renamed(ONE, "deleteTalk"),
        chats::docs::close().renamed("/v1.0/talks/{chat_id}/close", "closeTalk"),
        chats::docs::reopen().renamed("/v1.0/talks/{chat_id}/reopen", "reopenTalk"),
    ];
    let rest = participants().into_iter().chain(said()).chain(reacted());
    talks.into_iter().chain(rest).collect()
}

fn create() -> Operation {
    let direct = CreateTalk {
        kind: None,
        name: None,
        detail: None,
        participant_ids: Some(vec![BOB.to_owned()]),
        participants: None,
    };
    let group = CreateTalk {
        name: Some("Project Discussion".to_owned()),
        ..direct.clone()
    };
    Operation::new("post", ALL, "createTalk", "Creates a talk")
        .about("Without a type: `direct` with one other agent and no name, else `group`.")
        .body::<CreateTalk>(
            Need::Must,
            &either([sent("a group", &group), sent("a direct talk", &direct)]),
        )
        .succeeded_by(CHATS)
        .once()
        .reasons(&[
            "CHAT_TYPE_INVALID",
            "INVALID_ID",
            "LIMIT_EXCEEDED",
            "OWNER_TYPE_INVALID",
        ])
        .refuses::<CreateChatError>()
        .answers("The talk.", &example::new_chat(""))
}

fn participant(status: Status) -> Participant {
    Participant::new(example::participant(), status)
}

fn participants() -> [Operation; 3] {
    let states = json!({"type": "string", "enum": ["active", "left", ""], "default": "active"});
    let added = AddParticipant {
        agent_id: Some(BOB.to_owned()),
        ..AddParticipant::default()
    };
    [
        Operation::new(
            "get",
            PARTICIPANTS,
            "listTalkParticipants",
            "Lists the participants of a talk",
        )
        .succeeded_by(CHAT_PARTICIPANTS)
        .takes([query(
            "status",
            &states,
            "`left`: those who left and did not come back.",
        )])
        .paged()
        .reasons(&["STATUS_INVALID"])
        .refuses::<AccessError>()
        .lists("A page of participants.", &participant(Status::Active))
        .placed(),
        Operation::new(
            "post",
            PARTICIPANTS,
            "addTalkParticipant",
            "Adds a participant to a talk",
        )
        .succeeded_by(CHAT_PARTICIPANTS)
        .body::<AddParticipant>(Need::Must, &sent("an agent", &added))
        .once()
        .reasons(&["AGENTS_DIFFER", "OWNER_TYPE_INVALID"])
        .refuses::<AddParticipantError>()
        .answers("The participant.", &participant(Status::Active)),
        Operation::new(
            "delete",
            "/v1.0/talks/{chat_id}/participants/{participant_id}",
            "removeTalkParticipant",
            "Removes a participant, or leaves",
        )
        .succeeded_by("/v1.0/service_agents/talk_chats/{chat_id}/participants/{participant_id}")
        .refuses::<RemoveParticipantError>()
        .answers("Who was removed.", &participant(Status::Left)),
    ]
}

fn message() -> Message {
    example::message().into()
}

fn said() -> [Operation; 4] {
    let words = PostMessage {
        text: Some("Hello team!".to_owned()),
        ..PostMessage::default()
    };
    let page = "A page of messages.";
    [
        messages::docs::list()
            .renamed(MESSAGES, "listTalkMessages")
            .about("Of one talk, or of one thread of it. Deleted messages appear as tombstones.")
            .without("chat_id")
            .without("parent_id")
            .with_ids()
            .takes([query(
                "parent_id",
                &field::id_or_none(),
                "Direct replies to this message.",
            )])
            .lists(page, &message()),
        messages::docs::post()
            .renamed(MESSAGES, "postTalkMessage")
            .with_ids()
            .body::<PostMessage>(Need::Must, &sent("words", &words))
            .answers("The message.", &message()),
        messages::docs::edit()
            .renamed(MESSAGE, "editTalkMessage")
            .with_ids()
            .answers("The message.", &message()),
        Operation::new("delete", MESSAGE, "deleteTalkMessage", "Deletes a message")
            .succeeded_by("/v1.0/service_agents/talk_messages/{message_id}")
            .refuses::<DeleteMessageError>()
            .answers("The tombstone.", &message()),
    ]
}

fn reacted() -> [Operation; 2] {
    [
        reactions::docs::add()
            .renamed(REACTIONS, "addTalkReaction")
            .answers("The message.", &message()),
        reactions::docs::remove()
            .renamed(REACTIONS, "removeTalkReaction")
            .answers("The message.", &message()),
    ]
}
