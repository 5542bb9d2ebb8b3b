//! Use case: join a public channel.

use crate::access::{AccessError, lock};
use crate::chat::ChatKind;
use crate::context::Context;
use crate::error::refusals;
use crate::id::ChatId;
use crate::participant::Participant;
use crate::participant::add::admit_and_announce;
use crate::store::{StoreError, UnitOfWork};

refusals! {
    /// Why a chat is not joined.
    pub enum JoinChatError {
        NotJoinable = InvalidArgument "CHAT_NOT_JOINABLE" "only channels can be joined",
        Closed = FailedPrecondition "CHAT_CLOSED" "the chat is closed",
        ..Access(AccessError),
        ..Store(StoreError),
    }
}

/// Makes the caller a participant of a channel; joined already: the same participant, no event.
///
/// # Errors
/// See [`JoinChatError`].
pub fn join_chat(
    uow: &mut dyn UnitOfWork,
    cx: &Context,
    id: ChatId,
) -> Result<Participant, JoinChatError> {
    let mut chat = lock(uow, id)?;
    let member = uow.participants().find(id, cx.actor.agent)?;
    match (chat.kind, member) {
        (ChatKind::Talk, Some(member)) => Ok(member),
        (ChatKind::Talk, None) if chat.is_open() => {
            let member = admit_and_announce(uow, cx, &mut chat, cx.actor.agent)?;
            uow.chats().update(&chat)?;
            Ok(member)
        }
        (ChatKind::Talk, None) => Err(JoinChatError::Closed),
        (ChatKind::Direct | ChatKind::Group, Some(_)) => Err(JoinChatError::NotJoinable),
        (ChatKind::Direct | ChatKind::Group, None) => Err(AccessError::NotAParticipant.into()),
    }
}
