//! `/v1.0/service_agents/talk_chats/{chat_id}/participants`.

use talk_domain::participant::add::{AddParticipant, AddParticipantError, add_participant};
use talk_domain::participant::list::list_participants;
use talk_domain::participant::remove::{RemoveParticipant, remove_participant};
use talk_wire::request;
use talk_wire::resource::{List, Participant};

use crate::body::Body;
use crate::caller::{Caller, Reply, json, ok};
use crate::idempotency::Done;

pub(crate) async fn list(caller: Caller) -> Reply {
    let id = caller.id("chat_id")?;
    let page = caller.query()?.page()?;
    let read = caller.read("list_participants", move |snapshot, actor| {
        list_participants(snapshot, actor, id, page)
    });
    let placed = read.await?;
    Ok(caller.placed(&placed, &List::<Participant>::from(&placed.value)))
}

pub(crate) async fn add(caller: Caller, body: Body) -> Reply {
    let chat = caller.id("chat_id")?;
    let sent = body.other().await?;
    let agent = sent.json::<request::Owner>()?.agent("")?;
    let command = AddParticipant { chat, agent };
    let posted = caller.post("add_participant", &sent, move |uow, cx| {
        let participant = add_participant(uow, cx, &command)?;
        Ok::<_, AddParticipantError>(Done::body(json(&Participant::from(&participant))))
    });
    Ok(posted.await?.respond())
}

pub(crate) async fn remove(caller: Caller) -> Reply {
    let command = RemoveParticipant {
        chat: caller.id("chat_id")?,
        participant: caller.id("participant_id")?,
    };
    let write = caller.write("remove_participant", move |uow, cx| {
        remove_participant(uow, cx, &command)
    });
    Ok(ok(&Participant::from(&write.await?)))
}
