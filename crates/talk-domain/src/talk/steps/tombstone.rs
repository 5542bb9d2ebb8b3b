//! Steps: a message becomes a tombstone, and its former texts are erased.

use crate::kernel::cleanup::{Bound, Deleted};
use crate::kernel::context::Context;
use crate::kernel::store_error::StoreError;
use crate::talk::model::chat::Chat;
use crate::talk::model::event::Event;
use crate::talk::model::message::Message;
use crate::talk::steps::attachment::release;
use crate::talk::steps::mention::mention_anew;
use crate::talk::steps::record::record;
use crate::talk::unit::TalkUnit;

/// Turns a message of the locked chat into a tombstone. Logs its deletion unless the chat is
/// deleted: the deletion of a chat is its last event. Returns whether logged events or earlier
/// versions are left for a cleanup.
pub(crate) fn make_tombstone(
    uow: &mut dyn TalkUnit,
    cx: &Context,
    chat: &mut Chat,
    message: &mut Message,
) -> Result<bool, StoreError> {
    let tick = match chat.deleted {
        None => chat.tick(cx.now),
        Some(_) => chat.last,
    };
    let earlier = std::mem::take(&mut message.text);
    let medias = std::mem::take(&mut message.medias);
    message.reactions.clear();
    (message.updated, message.deleted) = (tick.at, Some(tick.at));
    uow.messages().update(message)?;
    mention_anew(uow, message, &earlier)?;
    release(uow, message, &medias)?;
    uow.reactions().clear(message.id)?;
    let is_more = erase_earlier_texts(uow, message)?;
    if let Some(parent) = message.parent
        && let Some(parent) = uow.messages().get(parent)?
    {
        uow.messages()
            .set_reply_count(parent.id, parent.reply_count.saturating_sub(1))?;
    }
    if chat.deleted.is_some() {
        return Ok(is_more);
    }
    record(uow, cx, chat, Event::MessageDeleted(message))?;
    Ok(is_more)
}

/// Rewrites the next logged events about a message so that they show it as it is now, and deletes
/// its next earlier versions. Returns whether there may be more.
pub(crate) fn erase_content(uow: &mut dyn TalkUnit, now: &Message) -> Result<bool, StoreError> {
    if uow.chat_log().redact(now, Bound::STEP)? {
        return Ok(true);
    }
    uow.messages().drop_revisions(now.id, Bound::STEP)
}

/// Erases the former texts of the message `now` from its logged events and earlier versions, up to
/// [`Bound::STEP`] of them. If there are more, stores a cleanup for the rest and returns `true`.
pub(crate) fn erase_earlier_texts(
    uow: &mut dyn TalkUnit,
    now: &Message,
) -> Result<bool, StoreError> {
    let is_more = erase_content(uow, now)?;
    if is_more {
        let (id, chat) = (now.id, now.chat);
        uow.cleanups().add(Deleted::Message { id, chat })?;
    }
    Ok(is_more)
}
