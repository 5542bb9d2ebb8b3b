//! `/v1.0/conversations/{id}/participants`, and what an agent has read.

use actix_web::http::Method;
use conversation_domain::access::AccessError;
use conversation_domain::participant::add::{AddParticipantError, add_participant};
use conversation_domain::participant::list::list_participants;
use conversation_domain::participant::remove::{RemoveParticipantError, remove_participant};
use conversation_domain::read::mark::{MarkReadError, mark_read};
use conversation_domain::read::state::own_in_unit;
use talk_domain::kernel::id::{AgentId, ConversationId};
use talk_domain::kernel::page::Page;
use talk_wire::request::{AddToConversation, MarkRead};
use talk_wire::resource::{AGENT, ConversationParticipant, List, OwnConversation};

use super::Paths;
use crate::body::Body;
use crate::caller::{Caller, ok};
use crate::endpoint::{Answer, Endpoint, Id, Kept};
use crate::openapi::example;
use crate::service::once::PostResult;

pub(super) fn rows(paths: &Paths) -> Vec<Endpoint> {
    let [listed, added, removed, marked] = paths.taking_part;
    let bob = AddToConversation {
        owner_type: Some(AGENT.to_owned()),
        owner_id: Some(example::BOB.to_owned()),
        address: None,
    };
    vec![
        Endpoint::new(Method::GET, paths.participants, list)
            .named(listed, "Lists the participants of a conversation")
            .about("The agents that take part besides the owner, all on one page."),
        Endpoint::new(Method::POST, paths.participants, add)
            .named(added, "Adds a participant to a conversation")
            .about(
                "By the owner, participants, admins and managers. An agent that is one already \
                 stays one. No method has groups, so that an address is refused.",
            )
            .sends("an agent", &bob),
        Endpoint::new(Method::DELETE, paths.participant, remove)
            .named(
                removed,
                "Removes a participant from a conversation, or leaves it",
            )
            .answers("Who was removed."),
        Endpoint::new(Method::PUT, paths.read, read)
            .named(marked, "Marks messages of a conversation as read")
            .about("The mark is set to the last message up to `seq`, and only moves forward.")
            .sends("the last event seen", &MarkRead { seq: Some(4) }),
    ]
}

async fn list(
    caller: Caller,
    Id(id): Id<ConversationId>,
) -> Answer<List<ConversationParticipant>, AccessError> {
    let read = caller.look("list_conversation_participants", move |snapshot, actor| {
        list_participants(snapshot, actor, id)
    });
    let (rows, next) = (read.await?, None);
    Ok(caller.page(&Page { rows, next }, |row| {
        ConversationParticipant::from(row)
    }))
}

async fn add(
    caller: Caller,
    Id(id): Id<ConversationId>,
    body: Body<AddToConversation>,
) -> Answer<Kept<ConversationParticipant>, AddParticipantError> {
    let newcomer = body.value.newcomer()?;
    let limit = caller.shared.api.conversation_limits.participants;
    let posted = caller.change_once(
        "add_conversation_participant",
        &body.sent,
        move |uow, cx| {
            let added = add_participant(uow, cx, (id, &newcomer), limit)?;
            Ok(PostResult::value(&ConversationParticipant::from(&added)))
        },
    );
    Ok(posted.await?.respond())
}

async fn remove(
    caller: Caller,
    Id(id): Id<ConversationId>,
    Id(agent): Id<AgentId>,
) -> Answer<ConversationParticipant, RemoveParticipantError> {
    let write = caller.change("remove_conversation_participant", move |uow, cx| {
        remove_participant(uow, cx, (id, agent))
    });
    Ok(ok(&ConversationParticipant::from(&write.await?)))
}

async fn read(
    caller: Caller,
    Id(id): Id<ConversationId>,
    body: Body<MarkRead>,
) -> Answer<OwnConversation, MarkReadError> {
    let seq = body.value.seq()?;
    let write = caller.change("mark_conversation_read", move |uow, cx| {
        let conversation = mark_read(uow, cx, (id, seq))?;
        Ok(own_in_unit(uow, cx.actor, conversation)?)
    });
    Ok(ok(&OwnConversation::from(&write.await?)))
}
