//! `/v1.0/service_agents/talk_channels`, and joining one.

use actix_web::http::Method;
use talk_domain::kernel::id::ChatId;
use talk_domain::kernel::page::PageRequest;
use talk_domain::kernel::store::ReadLane;
use talk_domain::talk::chat::join::{JoinChatError, join_chat};
use talk_domain::talk::chat::list::{ListChannelsError, list_channels};
use talk_wire::resource::{List, OwnChat, Participant};

use super::chats::{own_page, own_row};
use crate::api_error::ApiError;
use crate::body::NoBody;
use crate::caller::Caller;
use crate::endpoint::{
    Answer, Endpoint, Form, FromQuery, Id, Kept, Parameter, Queried, QueryReader,
};
use crate::rate::HEAVY;
use crate::service::once::PostResult;

const ALL: &str = "/v1.0/service_agents/talk_channels";
const JOIN: &str = "/v1.0/service_agents/talk_chats/{chat_id}/join";

pub(super) fn rows() -> Vec<Endpoint> {
    vec![
        Endpoint::new(Method::GET, ALL, list)
            .named("listChannels", "Lists the customer's channels"),
        Endpoint::new(Method::POST, JOIN, join)
            .named("joinChannel", "Joins a channel")
            .about("Who is in it already gets the same answer."),
    ]
}

/// The query of the list.
struct Wanted {
    page: PageRequest,
    search: String,
}

impl FromQuery for Wanted {
    fn read(query: &mut QueryReader) -> Result<Self, ApiError> {
        let about = "What name or detail contain, whatever case and accents. A page may end early: \
            it is the last one only without a `next_page_token`.";
        let search = Parameter::new("search", Form::Name, about);
        let search = search.refused(&["LIMIT_EXCEEDED", "NUL_CHARACTER"]);
        Ok(Self {
            page: query.page()?,
            search: query.get(search).unwrap_or_default().to_owned(),
        })
    }
}

async fn list(
    caller: Caller,
    Queried(wanted): Queried<Wanted>,
) -> Answer<List<OwnChat>, ListChannelsError> {
    let Wanted { page, search } = wanted;
    let lane = if search.is_empty() {
        ReadLane::Shared
    } else {
        caller.charge(HEAVY).await?;
        ReadLane::Search
    };
    let limits = caller.cx.limits;
    let read = caller.read_in(lane, "list_channels", move |snapshot, actor| {
        let channels = list_channels(snapshot, &search, &limits, page)?;
        Ok(own_page(snapshot, actor, channels)?)
    });
    Ok(caller.page(&read.await?, own_row))
}

async fn join(
    caller: Caller,
    Id(id): Id<ChatId>,
    body: NoBody,
) -> Answer<Kept<Participant>, JoinChatError> {
    let posted = caller.post("join_chat", &body.sent, move |uow, cx| {
        let participant = join_chat(uow, cx, id)?;
        Ok(PostResult::value(&Participant::from(&participant)))
    });
    Ok(posted.await?.respond())
}
