//! Use case: take a reaction back.

use crate::access::lock_message;
use crate::context::Context;
use crate::event::{Event, LogEntry};
use crate::reaction::add::{React, ReactError, Reacted, own};
use crate::store::UnitOfWork;

/// Removes the caller's reaction. None there: unchanged, no event.
///
/// # Errors
/// See [`ReactError`].
pub fn remove_reaction(
    uow: &mut dyn UnitOfWork,
    cx: &Context,
    command: &React,
) -> Result<Reacted, ReactError> {
    let (mut chat, mut message) = lock_message(uow, cx.actor, command.message)?;
    let Some(place) = own(&message, cx, &command.emoji) else {
        return Ok(Reacted {
            message,
            event: None,
        });
    };
    if !chat.is_open() {
        return Err(ReactError::Closed);
    }
    let tick = chat.tick(cx.now);
    let reaction = message.reactions.remove(place);
    message.updated = tick.at;
    uow.reactions().remove(message.id, &reaction)?;
    uow.messages().update(&message)?;
    let event = Event::ReactionRemoved(&message, &reaction);
    uow.events().append(&LogEntry {
        chat: chat.id,
        tick,
        actor: cx.actor.agent,
        event,
    })?;
    uow.chats().update(&chat)?;
    Ok(Reacted {
        message,
        event: Some(tick.seq),
    })
}
