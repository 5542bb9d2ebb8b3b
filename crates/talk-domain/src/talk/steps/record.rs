//! Step: a change of a chat is logged.

use std::sync::Arc;

use crate::kernel::context::Context;
use crate::kernel::log::Logged;
use crate::kernel::store_error::StoreError;
use crate::talk::model::chat::Chat;
use crate::talk::model::event::Event;
use crate::talk::unit::TalkUnit;

/// Appends `event` to the log of the locked chat and stores the chat with its new head. The use case
/// took the place of the event with [`Chat::tick`] before. A log refuses an event that does not
/// follow its last one.
///
/// # Errors
/// Only when storage fails.
pub(crate) fn record(
    uow: &mut dyn TalkUnit,
    cx: &Context,
    chat: &Chat,
    event: Event<'_>,
) -> Result<Arc<Logged>, StoreError> {
    let payload = uow.frames().encode(chat.id, chat.last.seq, event).into();
    let (stream, actor) = (chat.id.into(), Some(cx.actor.agent));
    let logged = uow
        .events()
        .append(stream, chat.last, actor, event.entry(payload))?;
    uow.chats().update(chat)?;
    Ok(logged)
}
