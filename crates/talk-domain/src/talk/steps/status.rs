//! Steps: a chat is closed and reopened.

use crate::kernel::context::Context;
use crate::kernel::store_error::StoreError;
use crate::talk::model::chat::{Chat, ChatStatus};
use crate::talk::model::event::Event;
use crate::talk::model::note::SystemKind;
use crate::talk::steps::announce::announce;
use crate::talk::steps::record::record;
use crate::talk::unit::TalkUnit;

/// Changes the status and logs it.
pub(crate) fn set_status(
    uow: &mut dyn TalkUnit,
    cx: &Context,
    chat: &mut Chat,
    status: ChatStatus,
) -> Result<(), StoreError> {
    let tick = chat.tick(cx.now);
    chat.status = status;
    chat.updated = tick.at;
    record(uow, cx, chat, Event::ChatUpdated(chat)).map(drop)
}

/// Opens a closed chat and announces it.
pub(crate) fn set_open(
    uow: &mut dyn TalkUnit,
    cx: &Context,
    chat: &mut Chat,
) -> Result<(), StoreError> {
    set_status(uow, cx, chat, ChatStatus::Active)?;
    announce(uow, cx, chat, SystemKind::ChatReopened)
}
