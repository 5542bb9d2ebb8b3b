//! `/v1.0/service_agents/talk_events`: the event log over HTTP.

use actix_web::HttpResponse;
use talk_domain::event::LoggedEvent;
use talk_domain::event::list::{ListEvents, list_events};

use crate::api_error::ApiError;
use crate::caller::{Caller, Reply, json};

const DEFAULT_LIMIT: u32 = 100;

pub(crate) async fn list(caller: Caller) -> Reply {
    let query = caller.query()?;
    if query
        .get("dialect")
        .is_some_and(|dialect| dialect != "chat")
    {
        return Err(ApiError::invalid(
            "dialect",
            "DIALECT_INVALID",
            "must be chat",
        ));
    }
    let limit = query.number("limit", 1..=1_000, "LIMIT_INVALID")?;
    let wanted = ListEvents {
        chat: talk_wire::id::parse_required("chat_id", query.get("chat_id"))?,
        since: query
            .number("since", 0..=i64::MAX as u64, "SINCE_INVALID")?
            .unwrap_or_default(),
        limit: limit
            .and_then(|limit| u32::try_from(limit).ok())
            .unwrap_or(DEFAULT_LIMIT),
    };
    let read = caller.read("list_events", move |snapshot, actor| {
        list_events(snapshot, actor, wanted)
    });
    let placed = read.await?;
    let epoch = json(&caller.store().epoch());
    Ok(HttpResponse::Ok()
        .insert_header(("talk-position", caller.position(&placed)))
        .content_type("application/json")
        .body(spliced(&placed.value, placed.seq, &epoch)))
}

/// Frames go out byte for byte as they are stored and pushed.
fn spliced(events: &[LoggedEvent], head: u64, epoch: &str) -> String {
    let frames: Vec<&str> = events.iter().map(|event| &*event.frame).collect();
    let frames = frames.join(",");
    format!(r#"{{"result":[{frames}],"head":{head},"epoch":{epoch}}}"#)
}
