//! `/v1.0/service_agents/talk_channels`, and joining one.

pub(super) mod docs;

use talk_domain::chat::join::{JoinChatError, join_chat};
use talk_domain::chat::list::{ListChannelsError, list_channels};
use talk_domain::store::ReadLane;
use talk_wire::json;
use talk_wire::resource::Participant;

use crate::body::Body;
use crate::caller::{Caller, Reply};
use crate::handler::chats::{own_page, own_row};
use crate::idempotency::Done;
use crate::rate::HEAVY;

pub(crate) async fn list(caller: Caller) -> Reply {
    let query = caller.query()?;
    let page = query.page()?;
    let search = query.get("search").unwrap_or_default().to_owned();
    let lane = if search.is_empty() {
        ReadLane::Shared
    } else {
        caller.charge(HEAVY).await?;
        ReadLane::Search
    };
    let read = caller.read_in(lane, "list_channels", move |snapshot, actor| {
        let channels = list_channels(snapshot, &search, page)?;
        Ok::<_, ListChannelsError>(own_page(snapshot, actor, channels)?)
    });
    Ok(caller.page(&read.await?, own_row))
}

pub(crate) async fn join(caller: Caller, body: Body) -> Reply {
    let id = caller.id("chat_id")?;
    let sent = body.other().await?;
    sent.check_unneeded()?;
    let posted = caller.post("join_chat", &sent, move |uow, cx| {
        let participant = join_chat(uow, cx, id)?;
        Ok::<_, JoinChatError>(Done::Body(json(&Participant::from(&participant))))
    });
    Ok(posted.await?.respond())
}
