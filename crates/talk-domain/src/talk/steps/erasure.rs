//! Cleanup steps after an agent was [erased](crate::identity::agent::erase).

use crate::files::delete::discard;
use crate::kernel::cleanup::{Cleanup, MEMBERSHIPS};
use crate::kernel::context::Context;
use crate::kernel::id::{AgentId, MessageId};
use crate::kernel::store_error::StoreError;
use crate::talk::model::event::Event;
use crate::talk::model::message::{Author, Message};
use crate::talk::model::note::SystemNote;
use crate::talk::steps::announce::reworded;
use crate::talk::steps::record::record;
use crate::talk::steps::tombstone::{erase_earlier_texts, make_tombstone};
use crate::talk::unit::TalkUnit;

/// Uploads deleted per unit of work.
const FILES: u32 = 16;

/// Rows scanned per unit of work; few of them belong to the agent.
const LOOKED_AT: u32 = 512;

/// Messages erased per unit of work, each with up to 64 of its logged events: some milliseconds,
/// mostly for the search index. A commit takes as long as several messages.
const ERASED: usize = 16;

/// No further messages in a unit of work once those erased have this many bytes of text.
const ERASED_BYTES: usize = 64 * 1024;

/// Removes the next access keys of an erased agent, then ends its next memberships and ownerships, then
/// erases its next messages to people outside, then deletes its next uploads, then looks through the
/// next messages of chats: its own become tombstones, and its name in system messages is replaced.
/// Returns whether there may be more.
pub(crate) fn erase_author_step(
    uow: &mut dyn TalkUnit,
    cx: &Context,
    (cleanup, agent): (&Cleanup, AgentId),
) -> Result<bool, StoreError> {
    if uow.keys().remove_some(agent, MEMBERSHIPS)?
        || uow.products().leave_some(cx, agent)?
        || uow.products().erase_some(cx, agent)?
    {
        return Ok(true);
    }
    let files = uow.files().some(Some(agent), FILES)?;
    for file in &files {
        discard(uow, file, cx.actor.agent)?;
    }
    if !files.is_empty() {
        return Ok(true);
    }
    let found = uow
        .messages()
        .of_author(agent, cleanup.position, LOOKED_AT)?;
    let (mut erased, mut bytes) = (0, 0);
    for (number, message) in found.messages {
        let Some(step) = erase(uow, cx, (agent, message))? else {
            continue;
        };
        (erased, bytes) = (erased + 1, bytes + step.bytes);
        if step.is_more || erased >= ERASED || bytes >= ERASED_BYTES {
            uow.cleanups().advance(cleanup.deleted, number)?;
            return Ok(true);
        }
    }
    if found.is_end {
        return Ok(false);
    }
    uow.cleanups().advance(cleanup.deleted, found.position)?;
    Ok(true)
}

/// Deletes the next stored answers that were given to an erased agent or show it. Returns whether
/// there may be more.
pub(crate) fn delete_answers_step(
    uow: &mut dyn TalkUnit,
    (cleanup, agent): (&Cleanup, AgentId),
) -> Result<bool, StoreError> {
    let answers = uow.idempotency();
    match answers.delete_about(agent, cleanup.position, LOOKED_AT)? {
        Some(position) => {
            uow.cleanups().advance(cleanup.deleted, position)?;
            Ok(true)
        }
        None => Ok(false),
    }
}

/// The outcome of erasing one message.
struct Erased {
    /// Bytes of its text.
    bytes: usize,
    /// Whether a further cleanup was added for the rest.
    is_more: bool,
}

/// Erases the data of the agent from a message; `None` if the message has none.
fn erase(
    uow: &mut dyn TalkUnit,
    cx: &Context,
    (agent, id): (AgentId, MessageId),
) -> Result<Option<Erased>, StoreError> {
    let Some(mut message) = uow.messages().get(id)? else {
        return Ok(None);
    };
    let bytes = message.text.len();
    let is_more = match message.author {
        Author::Agent(author) if author == agent && message.deleted.is_none() => {
            let Some(mut chat) = uow.chats().lock(message.chat)? else {
                return Ok(None);
            };
            make_tombstone(uow, cx, &mut chat, &mut message)?
        }
        Author::System(note) if note.named() == agent => match rename(uow, cx, (note, message))? {
            Some(is_more) => is_more,
            None => return Ok(None),
        },
        Author::Agent(_) | Author::System(_) => return Ok(None),
    };
    Ok(Some(Erased { bytes, is_more }))
}

/// Replaces the name of an agent in a system message and in its logged events by the current one.
/// Returns whether events are left for a cleanup, or `None` if the message has the current name
/// already.
fn rename(
    uow: &mut dyn TalkUnit,
    cx: &Context,
    (note, mut message): (SystemNote, Message),
) -> Result<Option<bool>, StoreError> {
    let Some(agent) = uow.agents().get(note.named())? else {
        return Ok(None);
    };
    let Some(mut chat) = uow.chats().lock(message.chat)? else {
        return Ok(None);
    };
    let text = reworded(note.kind, &agent, (&chat, &message.text));
    if text == message.text {
        return Ok(None);
    }
    message.text = text;
    if chat.deleted.is_some() {
        // No event: the last event of a deleted chat is its deletion.
        uow.messages().update(&message)?;
        return erase_earlier_texts(uow, &message).map(Some);
    }
    let tick = chat.tick(cx.now);
    message.updated = tick.at;
    uow.messages().update(&message)?;
    let is_more = erase_earlier_texts(uow, &message)?;
    record(uow, cx, &chat, Event::MessageEdited(&message))?;
    Ok(Some(is_more))
}

#[cfg(test)]
mod tests;
