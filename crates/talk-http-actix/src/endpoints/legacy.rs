//! `/v1.0/talks` and `/v1.0/messages`: the deprecated endpoints (OLD-01), which map today's
//! endpoints. Handlers that need no mapping are mounted directly. Every answer says that they are
//! deprecated.

use actix_web::http::Method;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue, LINK};
use talk_domain::intercepts::edit::SettleEditError;
use talk_domain::intercepts::post::SettlePostError;
use talk_domain::kernel::id::{ChatId, MessageId, ParticipantId};
use talk_domain::kernel::page::PageRequest;
use talk_domain::talk::access::AccessError;
use talk_domain::talk::chat::create::CreateChatError;
use talk_domain::talk::message::delete::DeleteMessageError;
use talk_domain::talk::message::list::ListMessagesError;
use talk_domain::talk::participant::add;
use talk_domain::talk::participant::add::AddParticipantError;
use talk_domain::talk::participant::remove::{RemoveParticipant, RemoveParticipantError};
use talk_domain::talk::reaction::add::ReactError;
use talk_wire::legacy::request::{CreateTalk, PostMessage};
use talk_wire::legacy::resource::{Message, Participant, Status};
use talk_wire::request::{AddParticipant, EditMessage, Form as Naming, React, RemoveReaction};
use talk_wire::resource::{self, List, OwnChat};

use super::messages::{WantedOfChat, edit_row};
use super::reactions::{Named, add_row, remove_row};
use super::{chats, messages, participants, reactions};
use crate::api_error::ApiError;
use crate::body::{Body, MessageSize};
use crate::caller::{Caller, ok};
use crate::endpoint::{
    Answer, Endpoint, Form, FromQuery, Id, Kept, Parameter, Placed, Queried, QueryReader,
    Resource as _,
};
use crate::openapi::example::{self, BOB};

/// RFC 9745.
const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");

/// The start of 2026.
const SINCE: &str = "@1767225600";

/// The `Link` header: where the operations are described, each with its successor.
pub(crate) const SUCCESSORS: &str = r#"</docs#/Talks>; rel="deprecation"; type="text/html""#;

const ALL: &str = "/v1.0/talks";
const ONE: &str = "/v1.0/talks/{chat_id}";
const PARTICIPANTS: &str = "/v1.0/talks/{chat_id}/participants";
const PARTICIPANT: &str = "/v1.0/talks/{chat_id}/participants/{participant_id}";
const MESSAGES: &str = "/v1.0/talks/{chat_id}/messages";
const MESSAGE: &str = "/v1.0/talks/{chat_id}/messages/{message_id}";
const REACTIONS: &str = "/v1.0/messages/{message_id}/reactions";

/// Sets the deprecation headers on every answer of such a route, including refusals.
pub(crate) fn deprecate(route: &str, headers: &mut HeaderMap) {
    if route.starts_with("/v1.0/talks") || route.starts_with("/v1.0/messages") {
        headers.insert(DEPRECATION, HeaderValue::from_static(SINCE));
        headers.insert(LINK, HeaderValue::from_static(SUCCESSORS));
    }
}

pub(super) fn rows() -> Vec<Endpoint> {
    let talks = [
        create_row(),
        renamed(chats::list_row(ALL), "listTalks", chats::ALL),
        renamed(chats::show_row(ONE), "showTalk", chats::ONE),
        renamed(chats::update_row(ONE), "updateTalk", chats::ONE),
        renamed(chats::delete_row(ONE), "deleteTalk", chats::ONE),
        renamed(
            chats::close_row("/v1.0/talks/{chat_id}/close"),
            "closeTalk",
            chats::CLOSE,
        ),
        renamed(
            chats::reopen_row("/v1.0/talks/{chat_id}/reopen"),
            "reopenTalk",
            chats::REOPEN,
        ),
    ];
    let rest = participant_rows().into_iter().chain(message_rows());
    talks.into_iter().chain(rest).collect()
}

/// The same endpoint under its older name.
fn renamed(row: Endpoint, name: &'static str, successor: &'static str) -> Endpoint {
    row.renamed(name).succeeded_by(successor)
}

fn create_row() -> Endpoint {
    let direct = CreateTalk {
        participant_ids: Some(vec![BOB.to_owned()]),
        ..CreateTalk::default()
    };
    let group = CreateTalk {
        name: Some("Project Discussion".to_owned()),
        ..direct.clone()
    };
    Endpoint::new(Method::POST, ALL, create_talk)
        .named("createTalk", "Creates a talk")
        .about("Without a type: `direct` with one other agent and no name, else `group`.")
        .succeeded_by(chats::ALL)
        .sends("a group", &group)
        .sends("a direct talk", &direct)
        .answers("The talk.")
        .shows(&example::new_chat(""))
}

fn participant_rows() -> [Endpoint; 3] {
    let added = AddParticipant {
        agent_id: Some(BOB.to_owned()),
        ..AddParticipant::default()
    };
    [
        Endpoint::new(Method::GET, PARTICIPANTS, list_participants)
            .named("listTalkParticipants", "Lists the participants of a talk")
            .succeeded_by(participants::ALL),
        Endpoint::new(Method::POST, PARTICIPANTS, add_participant)
            .named("addTalkParticipant", "Adds a participant to a talk")
            .succeeded_by(participants::ALL)
            .sends("an agent", &added),
        Endpoint::new(Method::DELETE, PARTICIPANT, remove_participant)
            .named("removeTalkParticipant", "Removes a participant, or leaves")
            .succeeded_by(participants::ONE)
            .answers("Who was removed.")
            .shows(&Participant {
                status: Status::Left,
                ..Participant::example()
            }),
    ]
}

fn message_rows() -> [Endpoint; 6] {
    let words = PostMessage {
        text: Some("Hello team!".to_owned()),
        ..PostMessage::default()
    };
    let edit = edit_row(Endpoint::new(Method::PUT, MESSAGE, edit_message));
    let add = add_row(Endpoint::new(Method::POST, REACTIONS, add_reaction));
    let remove = remove_row(Endpoint::new(Method::DELETE, REACTIONS, remove_reaction));
    [
        Endpoint::new(Method::GET, MESSAGES, list_messages)
            .named("listTalkMessages", "Lists messages")
            .about("Of one talk, or of one thread of it. Deleted messages appear as tombstones.")
            .succeeded_by(messages::ALL),
        Endpoint::new(Method::POST, MESSAGES, post_message)
            .named("postTalkMessage", "Posts a message")
            .about(messages::POSTING)
            .may_be_held()
            .succeeded_by(messages::ALL)
            .sends("words", &words),
        edit.named("editTalkMessage", "Edits a message")
            .succeeded_by(messages::ONE),
        Endpoint::new(Method::DELETE, MESSAGE, delete_message)
            .named("deleteTalkMessage", "Deletes a message")
            .succeeded_by(messages::ONE)
            .answers("The tombstone."),
        renamed(add, "addTalkReaction", reactions::ALL),
        renamed(remove, "removeTalkReaction", reactions::ALL),
    ]
}

async fn create_talk(
    caller: Caller,
    body: Body<CreateTalk>,
) -> Answer<Kept<OwnChat>, CreateChatError> {
    let limit = caller.cx.limits.participants;
    let command = body.value.command(caller.cx.actor.agent, limit)?;
    Ok(chats::created(&caller, &body.sent, command)
        .await?
        .respond())
}

/// The query of the list.
struct WantedParticipants {
    status: Status,
    page: PageRequest,
}

impl FromQuery for WantedParticipants {
    fn read(query: &mut QueryReader) -> Result<Self, ApiError> {
        let about = "`left`: those who left and did not come back.";
        let status = Parameter::new("status", Form::Words(&["active", "left"]), about)
            .refused(&["STATUS_INVALID"])
            .or("active");
        let status = query.parsed(status, |word| match word {
            "active" => Ok(Status::Active),
            "left" => Ok(Status::Left),
            _ => {
                let message = "must be active or left";
                Err(ApiError::invalid("status", "STATUS_INVALID", message))
            }
        })?;
        Ok(Self {
            status: status.unwrap_or(Status::Active),
            page: query.page()?,
        })
    }
}

async fn list_participants(
    caller: Caller,
    Id(chat): Id<ChatId>,
    Queried(wanted): Queried<WantedParticipants>,
) -> Answer<Placed<List<Participant>>, AccessError> {
    let WantedParticipants { status, page } = wanted;
    let placed = participants::listed(&caller, chat, status, page).await?;
    Ok(caller.placed_page(&placed, |row| {
        Participant::new(resource::Participant::from(row), status)
    }))
}

async fn add_participant(
    caller: Caller,
    Id(chat): Id<ChatId>,
    body: Body<AddParticipant>,
) -> Answer<Kept<Participant>, AddParticipantError> {
    let agent = body.value.agent(Naming::AgentId)?;
    let command = add::AddParticipant { chat, agent };
    let added = participants::added(&caller, &body.sent, command).await?;
    let shown = added.shown(|participant| Participant::new(participant, Status::Active));
    Ok(shown?.respond())
}

async fn remove_participant(
    caller: Caller,
    Id(chat): Id<ChatId>,
    Id(participant): Id<ParticipantId>,
) -> Answer<Participant, RemoveParticipantError> {
    let command = RemoveParticipant { chat, participant };
    let removed = participants::removed(&caller, command).await?;
    Ok(ok(&Participant::new((&removed).into(), Status::Left)))
}

async fn post_message(
    caller: Caller,
    Id(chat): Id<ChatId>,
    body: Body<PostMessage, MessageSize>,
) -> Answer<Kept<Message>, SettlePostError> {
    let request = body.value.in_chat(chat);
    let posted = messages::posted(&caller, &body.sent, request).await?;
    Ok(posted.shown(Message::from)?.respond())
}

async fn list_messages(
    caller: Caller,
    Id(chat): Id<ChatId>,
    Queried(wanted): Queried<WantedOfChat>,
) -> Answer<Placed<List<Message>>, ListMessagesError> {
    messages::listed(&caller, Some(chat), wanted).await
}

async fn edit_message(
    caller: Caller,
    Id(chat): Id<ChatId>,
    Id(message): Id<MessageId>,
    body: Body<EditMessage, MessageSize>,
) -> Answer<Message, SettleEditError> {
    messages::edited(&caller, (message, Some(chat)), body.value).await
}

async fn delete_message(
    caller: Caller,
    Id(chat): Id<ChatId>,
    Id(message): Id<MessageId>,
) -> Answer<Message, DeleteMessageError> {
    messages::deleted(&caller, message, Some(chat)).await
}

async fn add_reaction(
    caller: Caller,
    Id(message): Id<MessageId>,
    body: Body<React, MessageSize>,
) -> Answer<Kept<Message>, ReactError> {
    let added = reactions::added(&caller, message, body).await?;
    Ok(added.shown(Message::from)?.respond())
}

async fn remove_reaction(
    caller: Caller,
    Id(message): Id<MessageId>,
    Queried(named): Queried<Named>,
    body: Option<Body<RemoveReaction, MessageSize>>,
) -> Answer<Message, ReactError> {
    let changed = reactions::removed(&caller, message, named, body).await?;
    Ok(ok(&Message::from(&changed)))
}
