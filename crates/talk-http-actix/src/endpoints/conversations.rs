//! `/v1.0/conversations`, and the same for agents below `/v1.0/service_agents`.

mod listing;
mod messages;
mod opening;
mod participants;

use actix_web::http::Method;
use conversation_domain::access::AccessError;
use conversation_domain::conversation::claim::{
    ClaimError, claim_conversation, unassign_conversation,
};
use conversation_domain::conversation::list::show_conversation;
use conversation_domain::conversation::state::set_state;
use conversation_domain::conversation::update::{UpdateConversationError, update_conversation};
use conversation_domain::model::conversation::State;
use conversation_domain::read::state::{own_in_snapshot, own_in_unit};
use talk_domain::kernel::id::ConversationId;
use talk_wire::request::{ClaimConversation, UpdateConversation};
use talk_wire::resource::OwnConversation;

use crate::body::{Body, NoBody};
use crate::caller::{Caller, ok};
use crate::endpoint::{Answer, Endpoint, Id};
use crate::openapi::example;

/// The paths of one audience, with the prefix of their operation ids.
struct Paths {
    all: &'static str,
    one: &'static str,
    claim: &'static str,
    unassign: &'static str,
    close: &'static str,
    reopen: &'static str,
    messages: &'static str,
    message: &'static str,
    retry: &'static str,
    participants: &'static str,
    participant: &'static str,
    read: &'static str,
    names: [&'static str; 10],
    taking_part: [&'static str; 4],
    undone: [&'static str; 2],
    opened: [&'static str; 2],
}

const ALL: Paths = Paths {
    all: "/v1.0/conversations",
    one: "/v1.0/conversations/{conversation_id}",
    claim: "/v1.0/conversations/{conversation_id}/claim",
    unassign: "/v1.0/conversations/{conversation_id}/unassign",
    close: "/v1.0/conversations/{conversation_id}/close",
    reopen: "/v1.0/conversations/{conversation_id}/reopen",
    messages: "/v1.0/conversations/{conversation_id}/messages",
    message: "/v1.0/conversations/{conversation_id}/messages/{message_id}",
    retry: "/v1.0/conversations/{conversation_id}/messages/{message_id}/retry",
    participants: "/v1.0/conversations/{conversation_id}/participants",
    participant: "/v1.0/conversations/{conversation_id}/participants/{agent_id}",
    read: "/v1.0/conversations/{conversation_id}/read",
    names: [
        "listConversations",
        "showConversation",
        "updateConversation",
        "claimConversation",
        "unassignConversation",
        "closeConversation",
        "reopenConversation",
        "listConversationMessages",
        "sendConversationMessage",
        "showConversationMessage",
    ],
    taking_part: [
        "listConversationParticipants",
        "addConversationParticipant",
        "removeConversationParticipant",
        "markConversationRead",
    ],
    undone: ["retryConversationMessage", "deleteConversationMessage"],
    opened: ["openConversation", "deleteConversation"],
};

const OF_AGENTS: Paths = Paths {
    all: "/v1.0/service_agents/conversations",
    one: "/v1.0/service_agents/conversations/{conversation_id}",
    claim: "/v1.0/service_agents/conversations/{conversation_id}/claim",
    unassign: "/v1.0/service_agents/conversations/{conversation_id}/unassign",
    close: "/v1.0/service_agents/conversations/{conversation_id}/close",
    reopen: "/v1.0/service_agents/conversations/{conversation_id}/reopen",
    messages: "/v1.0/service_agents/conversations/{conversation_id}/messages",
    message: "/v1.0/service_agents/conversations/{conversation_id}/messages/{message_id}",
    retry: "/v1.0/service_agents/conversations/{conversation_id}/messages/{message_id}/retry",
    participants: "/v1.0/service_agents/conversations/{conversation_id}/participants",
    participant: "/v1.0/service_agents/conversations/{conversation_id}/participants/{agent_id}",
    read: "/v1.0/service_agents/conversations/{conversation_id}/read",
    names: [
        "listAgentConversations",
        "showAgentConversation",
        "updateAgentConversation",
        "claimAgentConversation",
        "unassignAgentConversation",
        "closeAgentConversation",
        "reopenAgentConversation",
        "listAgentConversationMessages",
        "sendAgentConversationMessage",
        "showAgentConversationMessage",
    ],
    taking_part: [
        "listAgentConversationParticipants",
        "addAgentConversationParticipant",
        "removeAgentConversationParticipant",
        "markAgentConversationRead",
    ],
    undone: [
        "retryAgentConversationMessage",
        "deleteAgentConversationMessage",
    ],
    opened: ["openAgentConversation", "deleteAgentConversation"],
};

pub(super) fn rows() -> Vec<Endpoint> {
    [ALL, OF_AGENTS].iter().flat_map(of).collect()
}

fn of(paths: &Paths) -> Vec<Endpoint> {
    let [_, shown, updated, claimed, unassigned, closed, reopened, ..] = paths.names;
    let given = UpdateConversation {
        owner_id: Some(example::BOB.to_owned()),
        if_owner: Some(String::new()),
        ..UpdateConversation::default()
    };
    let mut rows = vec![listing::row(paths)];
    rows.extend(messages::rows(paths));
    rows.extend(participants::rows(paths));
    rows.extend(opening::rows(paths));
    rows.extend([
        Endpoint::new(Method::GET, paths.one, show).named(shown, "Shows a conversation"),
        Endpoint::new(Method::PUT, paths.one, update)
            .named(updated, "Changes a conversation")
            .about("Its owner changes the texts, admins and managers the owner too.")
            .sends("another owner", &given),
        Endpoint::new(Method::POST, paths.claim, claim)
            .named(claimed, "Becomes the owner of a conversation")
            .about("Of agents who claim it at once, one gets it.")
            .sends("without an owner", &ClaimConversation::default()),
        Endpoint::new(Method::POST, paths.unassign, unassign)
            .named(unassigned, "Leaves a conversation without an owner"),
        Endpoint::new(Method::POST, paths.close, close)
            .named(closed, "Closes a conversation")
            .about("The next message of the person outside opens it again."),
        Endpoint::new(Method::POST, paths.reopen, reopen)
            .named(reopened, "Opens a conversation again"),
    ]);
    rows
}

async fn show(caller: Caller, Id(id): Id<ConversationId>) -> Answer<OwnConversation, AccessError> {
    let read = caller.look("show_conversation", move |snapshot, actor| {
        let conversation = show_conversation(snapshot, actor, id)?;
        Ok(own_in_snapshot(snapshot, actor, conversation)?)
    });
    Ok(ok(&OwnConversation::from(&read.await?)))
}

async fn update(
    caller: Caller,
    Id(id): Id<ConversationId>,
    body: Body<UpdateConversation>,
) -> Answer<OwnConversation, UpdateConversationError> {
    let command = body.value.command()?;
    let write = caller.change("update_conversation", move |uow, cx| {
        let conversation = update_conversation(uow, cx, id, &command)?;
        Ok(own_in_unit(uow, cx.actor, conversation)?)
    });
    Ok(ok(&OwnConversation::from(&write.await?)))
}

async fn claim(
    caller: Caller,
    Id(id): Id<ConversationId>,
    body: Option<Body<ClaimConversation>>,
) -> Answer<OwnConversation, ClaimError> {
    let body = body.map(|body| body.value).unwrap_or_default();
    let expected = body.expected()?;
    let write = caller.change("claim_conversation", move |uow, cx| {
        let conversation = claim_conversation(uow, cx, id, expected)?;
        Ok(own_in_unit(uow, cx.actor, conversation)?)
    });
    Ok(ok(&OwnConversation::from(&write.await?)))
}

async fn unassign(
    caller: Caller,
    Id(id): Id<ConversationId>,
    _: NoBody,
) -> Answer<OwnConversation, AccessError> {
    let write = caller.change("unassign_conversation", move |uow, cx| {
        let conversation = unassign_conversation(uow, cx, id)?;
        Ok(own_in_unit(uow, cx.actor, conversation)?)
    });
    Ok(ok(&OwnConversation::from(&write.await?)))
}

async fn close(
    caller: Caller,
    Id(id): Id<ConversationId>,
    _: NoBody,
) -> Answer<OwnConversation, AccessError> {
    set(caller, id, State::Closed).await
}

async fn reopen(
    caller: Caller,
    Id(id): Id<ConversationId>,
    _: NoBody,
) -> Answer<OwnConversation, AccessError> {
    set(caller, id, State::Active).await
}

async fn set(
    caller: Caller,
    id: ConversationId,
    state: State,
) -> Answer<OwnConversation, AccessError> {
    let write = caller.change("set_conversation_state", move |uow, cx| {
        let conversation = set_state(uow, cx, id, state)?;
        Ok(own_in_unit(uow, cx.actor, conversation)?)
    });
    Ok(ok(&OwnConversation::from(&write.await?)))
}
