//! Use case: react to a message.

use crate::access::{AccessError, lock_message};
use crate::context::Context;
use crate::emoji::Emoji;
use crate::error::{Invalid, refusals};
use crate::event::{Event, LogEntry};
use crate::id::MessageId;
use crate::message::Message;
use crate::reaction::Reaction;
use crate::store::{StoreError, UnitOfWork};

/// The command, for adding as for removing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct React {
    /// The message.
    pub message: MessageId,
    /// The emoji.
    pub emoji: Emoji,
}

/// A message after a reaction, and the event that says so, if anything changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reacted {
    /// The message as it is now.
    pub message: Message,
    /// Its place in the chat's log.
    pub event: Option<u64>,
}

refusals! {
    /// Why a reaction is not changed.
    pub enum ReactError {
        Deleted = FailedPrecondition "MESSAGE_DELETED" "the message is deleted",
        Closed = FailedPrecondition "CHAT_CLOSED" "the chat is closed",
        ..Invalid(Invalid),
        ..Access(AccessError),
        ..Store(StoreError),
    }
}

/// Adds the caller's reaction. The same emoji again: unchanged, no event.
///
/// # Errors
/// See [`ReactError`].
pub fn add_reaction(
    uow: &mut dyn UnitOfWork,
    cx: &Context,
    command: &React,
) -> Result<Reacted, ReactError> {
    let (mut chat, mut message) = lock_message(uow, cx.actor, command.message)?;
    if message.deleted.is_some() {
        return Err(ReactError::Deleted);
    }
    if !chat.is_open() {
        return Err(ReactError::Closed);
    }
    if own(&message, cx, &command.emoji).is_some() {
        return Ok(Reacted {
            message,
            event: None,
        });
    }
    if message.reactions.len() >= cx.limits.reactions {
        return Err(
            Invalid::too_long("emoji", cx.limits.reactions, "reactions per message").into(),
        );
    }
    let tick = chat.tick(cx.now);
    let agent = cx.actor.agent;
    let reaction = Reaction {
        emoji: command.emoji.clone(),
        agent,
        created: tick.at,
    };
    message.reactions.push(reaction.clone());
    message.updated = tick.at;
    uow.reactions().insert(message.id, &reaction)?;
    uow.messages().update(&message)?;
    let event = Event::ReactionAdded(&message, &reaction);
    uow.events().append(&LogEntry {
        chat: chat.id,
        tick,
        actor: agent,
        event,
    })?;
    uow.chats().update(&chat)?;
    Ok(Reacted {
        message,
        event: Some(tick.seq),
    })
}

/// Where the caller's reaction with this emoji is.
pub(crate) fn own(message: &Message, cx: &Context, emoji: &Emoji) -> Option<usize> {
    message
        .reactions
        .iter()
        .position(|r| r.agent == cx.actor.agent && r.emoji.key() == emoji.key())
}
