//! `/v1.0/conversations`, and the same for agents below `/v1.0/service_agents`.

mod messages;
mod opening;
mod participants;

use actix_web::http::Method;
use conversation_domain::access::AccessError;
use conversation_domain::conversation::claim::{
    ClaimError, claim_conversation, unassign_conversation,
};
use conversation_domain::conversation::list::{list_conversations, show_conversation};
use conversation_domain::conversation::state::set_state;
use conversation_domain::conversation::update::{UpdateConversationError, update_conversation};
use conversation_domain::model::account;
use conversation_domain::model::conversation::{
    Conversation, ConversationFilter, OwnerFilter, State,
};
use conversation_domain::read::state::{self, own_in_snapshot, own_in_unit};
use conversation_domain::unit::ConversationSnapshot;
use talk_domain::kernel::context::Actor;
use talk_domain::kernel::id::ConversationId;
use talk_domain::kernel::page::{Page, PageRequest};
use talk_domain::kernel::text::check_text;
use talk_wire::id;
use talk_wire::request::{ClaimConversation, UpdateConversation};
use talk_wire::resource::{List, OwnConversation};

use crate::api_error::ApiError;
use crate::body::{Body, NoBody};
use crate::caller::{Caller, ok};
use crate::endpoint::{Answer, Endpoint, Form, FromQuery, Id, Parameter, Queried, QueryReader};
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
    participants: &'static str,
    participant: &'static str,
    read: &'static str,
    names: [&'static str; 10],
    taking_part: [&'static str; 4],
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
    opened: ["openAgentConversation", "deleteAgentConversation"],
};

pub(super) fn rows() -> Vec<Endpoint> {
    [ALL, OF_AGENTS].iter().flat_map(of).collect()
}

fn of(paths: &Paths) -> Vec<Endpoint> {
    let [
        listed,
        shown,
        updated,
        claimed,
        unassigned,
        closed,
        reopened,
        ..,
    ] = paths.names;
    let given = UpdateConversation {
        owner_id: Some(example::BOB.to_owned()),
        if_owner: Some(String::new()),
        ..UpdateConversation::default()
    };
    let mut rows = messages::rows(paths);
    rows.extend(participants::rows(paths));
    rows.extend(opening::rows(paths));
    rows.extend([
        Endpoint::new(Method::GET, paths.all, list)
            .named(listed, "Lists conversations with people outside")
            .about(
                "The newest activity first. Admins and managers get those of the customer, agents \
                 those that they own or participate in, and with `owner_id=none` those without an \
                 owner.",
            ),
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

/// A page of conversations.
struct Wanted {
    page: PageRequest,
    filter: ConversationFilter,
}

impl FromQuery for Wanted {
    fn read(query: &mut QueryReader) -> Result<Self, ApiError> {
        let about = "Conversations of this agent; `none` for those without an owner.";
        let owner = Parameter::new("owner_id", Form::IdOr("none"), about).refused(&["INVALID_ID"]);
        let owner_of = |text: &str| match text {
            "none" => Ok::<_, ApiError>(OwnerFilter::Nobody),
            text => Ok(OwnerFilter::Agent(id::parse("owner_id", text)?)),
        };
        let account = Parameter::new("account_id", Form::Id, "Conversations of this account.");
        let account_of = |text: &str| Ok::<_, ApiError>(id::parse("account_id", text)?);
        let kinds = Form::Words(&["message", "webchat"]);
        let kind = Parameter::new("type", kinds, "Conversations by this method.");
        let kind_of = |text: &str| {
            let message = "must be message or webchat";
            let unknown = || ApiError::invalid("type", "CONVERSATION_TYPE_INVALID", message);
            account::Method::parse(text).ok_or_else(unknown)
        };
        let states = Form::Words(&["active", "closed"]);
        let state = Parameter::new("state", states, "Conversations in this state.");
        let state_of = |text: &str| {
            let message = "must be active or closed";
            let unknown = || ApiError::invalid("state", "STATUS_INVALID", message);
            State::parse(text).ok_or_else(unknown)
        };
        let about = "Conversations with exactly this address.";
        let peer = Parameter::new("peer", Form::Text(255), about)
            .refused(&["LIMIT_EXCEEDED", "NUL_CHARACTER"]);
        let peer_of = |text: &str| {
            check_text("peer", text, 255)?;
            Ok::<_, ApiError>(text.to_owned())
        };
        Ok(Self {
            page: query.page()?,
            filter: ConversationFilter {
                owner: query.parsed(owner, owner_of)?,
                account: query.parsed(account.refused(&["INVALID_ID"]), account_of)?,
                method: query.parsed(kind.refused(&["CONVERSATION_TYPE_INVALID"]), kind_of)?,
                state: query.parsed(state.refused(&["STATUS_INVALID"]), state_of)?,
                reader: None,
                peer: query.parsed(peer, peer_of)?,
            },
        })
    }
}

async fn list(
    caller: Caller,
    Queried(wanted): Queried<Wanted>,
) -> Answer<List<OwnConversation>, AccessError> {
    let read = caller.look("list_conversations", move |snapshot, actor| {
        let page = list_conversations(snapshot, actor, wanted.filter.clone(), wanted.page)?;
        own_page(snapshot, actor, page)
    });
    Ok(caller.page(&read.await?, |row| OwnConversation::from(row)))
}

/// Adds the actor's read state to a page.
fn own_page(
    snapshot: &mut dyn ConversationSnapshot,
    actor: Actor,
    page: Page<Conversation>,
) -> Result<Page<state::OwnConversation>, AccessError> {
    let rows = page.rows.into_iter();
    let own = rows.map(|row| own_in_snapshot(snapshot, actor, row));
    Ok(Page {
        rows: own.collect::<Result<_, _>>()?,
        next: page.next,
    })
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
