//! `/v1.0/talks` and `/v1.0/messages`: the endpoints of the first generations (OLD-01), mappers over
//! the handlers of today. What needs no mapping is mounted as it is.

pub(super) mod docs;

use talk_domain::participant::add::AddParticipant;
use talk_wire::legacy::request;
use talk_wire::legacy::resource::{Message, Participant, Status};
use talk_wire::request::{AddParticipant as AddParticipantBody, Form};
use talk_wire::resource;

use super::{chats, messages, participants, reactions};
use crate::api_error::ApiError;
use crate::body::Body;
use crate::caller::{Caller, Reply, ok};

pub(crate) async fn create_talk(caller: Caller, body: Body) -> Reply {
    let sent = body.other().await?;
    let request: request::CreateTalk = sent.json()?;
    let limit = caller.cx.limits.participants;
    let command = request.command(caller.cx.actor.agent, limit)?;
    Ok(chats::created(&caller, &sent, command).await?.respond())
}

pub(crate) async fn list_participants(caller: Caller) -> Reply {
    let status = match caller.query()?.get("status") {
        None | Some("active") => Status::Active,
        Some("left") => Status::Left,
        Some(_) => {
            let message = "must be active or left";
            return Err(ApiError::invalid("status", "STATUS_INVALID", message));
        }
    };
    let placed = participants::listed(&caller, status).await?;
    Ok(caller.placed_page(&placed, |row| {
        Participant::new(resource::Participant::from(row), status)
    }))
}

pub(crate) async fn add_participant(caller: Caller, body: Body) -> Reply {
    let chat = caller.id("chat_id")?;
    let sent = body.other().await?;
    let named: AddParticipantBody = sent.json()?;
    let agent = named.agent(Form::AgentId)?;
    let added = participants::added(&caller, &sent, AddParticipant { chat, agent }).await?;
    let shown = added.shown(|participant| Participant::new(participant, Status::Active));
    Ok(shown?.respond())
}

pub(crate) async fn remove_participant(caller: Caller) -> Reply {
    let removed = participants::removed(&caller).await?;
    Ok(ok(&Participant::new((&removed).into(), Status::Left)))
}

pub(crate) async fn post_message(caller: Caller, body: Body) -> Reply {
    let chat = caller.id("chat_id")?;
    let sent = body.message().await?;
    let request: request::PostMessage = sent.json()?;
    let posted = messages::posted(&caller, &sent, request.in_chat(chat)).await?;
    Ok(posted
        .shown::<_, Message>(resource::Message::into)?
        .respond())
}

pub(crate) async fn list_messages(caller: Caller) -> Reply {
    let chat = caller.id("chat_id")?;
    messages::listed::<Message>(&caller, Some(chat)).await
}

pub(crate) async fn edit_message(caller: Caller, body: Body) -> Reply {
    let chat = caller.id("chat_id")?;
    let edited = messages::edited(&caller, body, Some(chat)).await?;
    Ok(ok(&Message::from(&edited)))
}

pub(crate) async fn delete_message(caller: Caller) -> Reply {
    let chat = caller.id("chat_id")?;
    let deleted = messages::deleted(&caller, Some(chat)).await?;
    Ok(ok(&Message::from(&deleted)))
}

pub(crate) async fn add_reaction(caller: Caller, body: Body) -> Reply {
    let added = reactions::added(&caller, body).await?;
    Ok(added
        .shown::<_, Message>(resource::Message::into)?
        .respond())
}

pub(crate) async fn remove_reaction(caller: Caller, body: Body) -> Reply {
    let changed = reactions::removed(&caller, body).await?;
    Ok(ok(&Message::from(&changed)))
}
