//! Use case: leave a chat, or remove somebody from it.

use crate::access::{AccessError, lock_as_member};
use crate::chat::close::set_status;
use crate::chat::{Chat, ChatKind, ChatStatus};
use crate::context::Context;
use crate::error::refusals;
use crate::event::{Event, LogEntry};
use crate::id::{ChatId, ParticipantId};
use crate::message::SystemKind;
use crate::message::system::announce;
use crate::participant::Participant;
use crate::store::{StoreError, UnitOfWork};

/// The command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RemoveParticipant {
    /// The chat.
    pub chat: ChatId,
    /// Which of its participants.
    pub participant: ParticipantId,
}

refusals! {
    /// Why a participant is not removed.
    pub enum RemoveParticipantError {
        NoSuchParticipant = NotFound "PARTICIPANT_NOT_FOUND" "the chat has no such participant",
        OnlyOneself = PermissionDenied "PERMISSION_DENIED"
            "in a direct chat one may only leave oneself",
        ..Access(AccessError),
        ..Store(StoreError),
    }
}

/// Removes a participant for good (S-074). A direct or group chat closes with its last one.
///
/// # Errors
/// See [`RemoveParticipantError`].
pub fn remove_participant(
    uow: &mut dyn UnitOfWork,
    cx: &Context,
    command: &RemoveParticipant,
) -> Result<Participant, RemoveParticipantError> {
    let (mut chat, caller) = lock_as_member(uow, cx.actor, command.chat)?;
    let found = uow.participants().get(chat.id, command.participant)?;
    let leaver = found.ok_or(RemoveParticipantError::NoSuchParticipant)?;
    if chat.kind == ChatKind::Direct && leaver.id != caller.id {
        return Err(RemoveParticipantError::OnlyOneself);
    }
    if !dismiss(uow, cx, &mut chat, &leaver)? {
        return Err(RemoveParticipantError::NoSuchParticipant);
    }
    Ok(leaver)
}

/// Ends a membership of the locked chat and says so in it; `false` when it had ended already.
pub(crate) fn dismiss(
    uow: &mut dyn UnitOfWork,
    cx: &Context,
    chat: &mut Chat,
    leaver: &Participant,
) -> Result<bool, StoreError> {
    let tick = chat.tick(cx.now);
    if !uow.participants().remove(leaver, tick.at)? {
        return Ok(false);
    }
    chat.member_count -= 1;
    let event = Event::ParticipantLeft(leaver);
    uow.events().append(&LogEntry {
        chat: chat.id,
        tick,
        actor: cx.actor.agent,
        event,
    })?;
    announce(uow, cx, chat, SystemKind::ParticipantLeft(leaver.agent))?;
    if chat.member_count == 0 && chat.kind != ChatKind::Talk && chat.is_open() {
        set_status(uow, cx, chat, ChatStatus::Closed)?;
    }
    uow.chats().update(chat)?;
    Ok(true)
}
