//! `/v1.0/service_agents/talk_chats/{chat_id}/participants`.

pub(super) mod docs;

use talk_domain::access::Placed;
use talk_domain::page::Page;
use talk_domain::participant;
use talk_domain::participant::add::{AddParticipant, AddParticipantError, add_participant};
use talk_domain::participant::list::{list_former_participants, list_participants};
use talk_domain::participant::remove::{RemoveParticipant, remove_participant};
use talk_wire::json;
use talk_wire::legacy::resource::Status;
use talk_wire::request;
use talk_wire::resource::Participant;

use crate::api_error::ApiError;
use crate::body::{Body, Sent};
use crate::caller::{Caller, Reply, ok};
use crate::idempotency::{Done, Posted};

pub(crate) async fn list(caller: Caller) -> Reply {
    let placed = listed(&caller, Status::Active).await?;
    Ok(caller.placed_page(&placed, |row| Participant::from(row)))
}

/// The participants of the chat in the path, or those who have left it.
pub(crate) async fn listed(
    caller: &Caller,
    status: Status,
) -> Result<Placed<Page<participant::Participant>>, ApiError> {
    let id = caller.id("chat_id")?;
    let page = caller.query()?.page()?;
    let read = caller.read("list_participants", move |snapshot, actor| match status {
        Status::Active => list_participants(snapshot, actor, id, page),
        Status::Left => list_former_participants(snapshot, actor, id, page),
    });
    read.await
}

pub(crate) async fn add(caller: Caller, body: Body) -> Reply {
    let chat = caller.id("chat_id")?;
    let sent = body.other().await?;
    let named: request::AddParticipant = sent.json()?;
    let agent = named.agent(request::Form::Owner)?;
    let added = added(&caller, &sent, AddParticipant { chat, agent });
    Ok(added.await?.respond())
}

/// Adds a participant.
pub(crate) async fn added(
    caller: &Caller,
    sent: &Sent,
    command: AddParticipant,
) -> Result<Posted, ApiError> {
    let posted = caller.post("add_participant", sent, move |uow, cx| {
        let participant = add_participant(uow, cx, &command)?;
        Ok::<_, AddParticipantError>(Done::Body(json(&Participant::from(&participant))))
    });
    posted.await
}

pub(crate) async fn remove(caller: Caller) -> Reply {
    Ok(ok(&Participant::from(&removed(&caller).await?)))
}

/// Removes the participant in the path.
pub(crate) async fn removed(caller: &Caller) -> Result<participant::Participant, ApiError> {
    let command = RemoveParticipant {
        chat: caller.id("chat_id")?,
        participant: caller.id("participant_id")?,
    };
    let write = caller.write("remove_participant", move |uow, cx| {
        remove_participant(uow, cx, &command)
    });
    write.await
}
