//! One direct chat per pair: asking for it again resumes it.

use crate::chat::reopen::set_open;
use crate::chat::{Chat, DirectPair};
use crate::context::Context;
use crate::participant::add::admit_and_announce;
use crate::store::{StoreError, UnitOfWork};

/// Opens the pair's chat again if it is closed, and brings back who left. Nothing to do: no event.
pub(crate) fn resume(
    uow: &mut dyn UnitOfWork,
    cx: &Context,
    mut chat: Chat,
    pair: DirectPair,
) -> Result<Chat, StoreError> {
    let before = chat.last;
    if !chat.is_open() {
        set_open(uow, cx, &mut chat)?;
    }
    for agent in pair.agents() {
        if uow.participants().find(chat.id, agent)?.is_none() {
            admit_and_announce(uow, cx, &mut chat, agent)?;
        }
    }
    if chat.last != before {
        uow.chats().update(&chat)?;
    }
    Ok(chat)
}
