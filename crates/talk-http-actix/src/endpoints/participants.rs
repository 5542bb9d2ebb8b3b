//! `/v1.0/service_agents/talk_chats/{chat_id}/participants`.

use actix_web::http::Method;
use talk_domain::kernel::id::{ChatId, ParticipantId};
use talk_domain::kernel::page::{Page, PageRequest};
use talk_domain::talk::access::{AccessError, Placed as PlacedRead};
use talk_domain::talk::model::participant;
use talk_domain::talk::participant::add;
use talk_domain::talk::participant::add::{AddParticipantError, add_participant};
use talk_domain::talk::participant::list::{list_former_participants, list_participants};
use talk_domain::talk::participant::remove::{
    RemoveParticipant, RemoveParticipantError, remove_participant,
};
use talk_wire::legacy::resource::Status;
use talk_wire::request::{AddParticipant, Form};
use talk_wire::resource::{List, Participant};

use super::chats::owner;
use crate::body::{Body, JsonBody};
use crate::caller::{Caller, ok};
use crate::endpoint::{Answer, Endpoint, Id, Kept, Placed, Queried, Refused};
use crate::service::once::{PostAnswer, PostResult};

pub(super) const ALL: &str = "/v1.0/service_agents/talk_chats/{chat_id}/participants";
pub(super) const ONE: &str =
    "/v1.0/service_agents/talk_chats/{chat_id}/participants/{participant_id}";

pub(super) fn rows() -> Vec<Endpoint> {
    let added = AddParticipant {
        owner_type: owner().owner_type,
        owner_id: owner().owner_id,
        agent_id: None,
    };
    vec![
        Endpoint::new(Method::GET, ALL, list)
            .named("listParticipants", "Lists the participants of a chat"),
        Endpoint::new(Method::POST, ALL, add)
            .named("addParticipant", "Adds a participant to a chat")
            .about(
                "By participants; in a channel also oneself. `agent_id` may stand for \
                 `owner_type` and `owner_id`.",
            )
            .sends("an agent", &added),
        Endpoint::new(Method::DELETE, ONE, remove)
            .named("removeParticipant", "Removes a participant, or leaves")
            .about("In a direct chat one only leaves oneself.")
            .answers("Who was removed."),
    ]
}

async fn list(
    caller: Caller,
    Id(id): Id<ChatId>,
    Queried(page): Queried<PageRequest>,
) -> Answer<Placed<List<Participant>>, AccessError> {
    let placed = listed(&caller, id, Status::Active, page).await?;
    Ok(caller.placed_page(&placed, |row| Participant::from(row)))
}

/// Lists the participants of a chat, or the former ones.
pub(super) async fn listed(
    caller: &Caller,
    id: ChatId,
    status: Status,
    page: PageRequest,
) -> Result<PlacedRead<Page<participant::Participant>>, Refused<AccessError>> {
    let read = caller.read("list_participants", move |snapshot, actor| match status {
        Status::Active => list_participants(snapshot, actor, id, page),
        Status::Left => list_former_participants(snapshot, actor, id, page),
    });
    read.await
}

async fn add(
    caller: Caller,
    Id(chat): Id<ChatId>,
    body: Body<AddParticipant>,
) -> Answer<Kept<Participant>, AddParticipantError> {
    let agent = body.value.agent(Form::Owner)?;
    let command = add::AddParticipant { chat, agent };
    Ok(added(&caller, &body.sent, command).await?.respond())
}

/// Adds a participant.
pub(super) async fn added(
    caller: &Caller,
    sent: &JsonBody,
    command: add::AddParticipant,
) -> Result<PostAnswer<Participant>, Refused<AddParticipantError>> {
    let posted = caller.post("add_participant", sent, move |uow, cx| {
        let participant = add_participant(uow, cx, &command)?;
        Ok(PostResult::value(&Participant::from(&participant)))
    });
    posted.await
}

async fn remove(
    caller: Caller,
    Id(chat): Id<ChatId>,
    Id(participant): Id<ParticipantId>,
) -> Answer<Participant, RemoveParticipantError> {
    let removed = removed(&caller, RemoveParticipant { chat, participant }).await?;
    Ok(ok(&Participant::from(&removed)))
}

/// Removes a participant.
pub(super) async fn removed(
    caller: &Caller,
    command: RemoveParticipant,
) -> Result<participant::Participant, Refused<RemoveParticipantError>> {
    let write = caller.write("remove_participant", move |uow, cx| {
        remove_participant(uow, cx, &command)
    });
    write.await
}
