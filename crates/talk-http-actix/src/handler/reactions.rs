//! `/v1.0/service_agents/talk_messages/{message_id}/reactions`.

use talk_domain::emoji::Emoji;
use talk_domain::error::Invalid;
use talk_domain::id::MessageId;
use talk_domain::reaction::add::{React, ReactError, add_reaction};
use talk_domain::reaction::remove::remove_reaction;
use talk_wire::{request, resource};

use crate::api_error::ApiError;
use crate::body::Body;
use crate::caller::{Caller, Reply, ok};
use crate::idempotency::Done;

pub(crate) async fn add(caller: Caller, body: Body) -> Reply {
    let message = caller.id("message_id")?;
    let sent = body.message().await?;
    let request: request::React = sent.json()?;
    let command = command(&caller, message, request.emoji.as_deref())?;
    let posted = caller.post("add_reaction", &sent, move |uow, cx| {
        let reacted = add_reaction(uow, cx, &command)?;
        Ok::<_, ReactError>(Done::message(&reacted.message, reacted.event))
    });
    Ok(posted.await?.respond())
}

pub(crate) async fn remove(caller: Caller, body: Body) -> Reply {
    let message = caller.id("message_id")?;
    let emoji = emoji(&caller, body).await?;
    let command = command(&caller, message, emoji.as_deref())?;
    let write = caller.write("remove_reaction", move |uow, cx| {
        remove_reaction(uow, cx, &command)
    });
    Ok(ok(&resource::Message::from(&write.await?.message)))
}

/// The emoji to take back: of the query, or else of the body. No emoji has a space in it, but
/// `+1` in a query is read as ` 1`.
async fn emoji(caller: &Caller, body: Body) -> Result<Option<String>, ApiError> {
    let query = caller.query()?;
    match query.get("emoji") {
        Some(emoji) => Ok(Some(emoji.replace(' ', "+"))),
        None => Ok(body.message().await?.json::<request::React>()?.emoji),
    }
}

fn command(caller: &Caller, message: MessageId, emoji: Option<&str>) -> Result<React, Invalid> {
    let emoji = Emoji::parse(emoji.unwrap_or_default(), caller.cx.limits.emoji)?;
    Ok(React { message, emoji })
}
