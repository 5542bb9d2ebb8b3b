//! The list of conversations.

use actix_web::http::Method;
use conversation_domain::access::AccessError;
use conversation_domain::conversation::list::list_conversations;
use conversation_domain::model::account;
use conversation_domain::model::conversation::{
    Conversation, ConversationFilter, OwnerFilter, Search, State,
};
use conversation_domain::read::state::{self, own_in_snapshot};
use conversation_domain::unit::ConversationSnapshot;
use talk_domain::kernel::context::Actor;
use talk_domain::kernel::needle::Needle;
use talk_domain::kernel::page::{Page, PageRequest};
use talk_domain::kernel::store::ReadLane;
use talk_domain::kernel::text::check_text;
use talk_wire::id;
use talk_wire::resource::{List, OwnConversation};

use super::Paths;
use crate::api_error::ApiError;
use crate::caller::Caller;
use crate::endpoint::{Answer, Endpoint, Form, FromQuery, Parameter, Queried, QueryReader};
use crate::rate::HEAVY;

pub(super) fn row(paths: &Paths) -> Endpoint {
    let [listed, ..] = paths.names;
    Endpoint::new(Method::GET, paths.all, list)
        .named(listed, "Lists conversations with people outside")
        .about(
            "The newest activity first. Admins and managers get those of the customer, agents \
                 those that they own or participate in, and with `owner_id=none` those without an \
                 owner. With `q`, those whose name, detail, person outside or messages contain it, \
                 without case and accents, among the newest 10,000 messages of each; agents search \
                 no messages without an owner. A search that would look at very much text ends its \
                 page early: a page may be short, or empty, and is the last one only without a \
                 `next_page_token`.",
        )
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
        let about = "Conversations in which this text is.";
        let text = Parameter::new("q", Form::Text(Needle::LIMIT), about).refused(&[
            "LIMIT_EXCEEDED",
            "NUL_CHARACTER",
            "QUERY_REQUIRED",
        ]);
        let search_of = |text: &str| {
            let needle = Needle::parse("q", text)?;
            Ok::<_, ApiError>(Search {
                needle,
                in_messages: true,
            })
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
                search: query.parsed(text, search_of)?,
            },
        })
    }
}

async fn list(
    caller: Caller,
    Queried(wanted): Queried<Wanted>,
) -> Answer<List<OwnConversation>, AccessError> {
    let lane = if wanted.filter.search.is_some() {
        caller.charge(HEAVY).await?;
        ReadLane::Search
    } else {
        ReadLane::Shared
    };
    let read = caller.look_in(lane, "list_conversations", move |snapshot, actor| {
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
