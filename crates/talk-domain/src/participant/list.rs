//! Use cases: list the participants of a chat, and those who have left it.

use crate::access::{AccessError, Placed, view_card};
use crate::context::Actor;
use crate::id::ChatId;
use crate::page::{Page, PageRequest};
use crate::participant::Participant;
use crate::store::Snapshot;

/// The participants, for whoever may see the chat's card.
///
/// # Errors
/// See [`AccessError`].
pub fn list_participants(
    snapshot: &mut dyn Snapshot,
    actor: Actor,
    chat: ChatId,
    request: PageRequest,
) -> Result<Placed<Page<Participant>>, AccessError> {
    let chat = view_card(snapshot, actor, chat)?;
    Ok(Placed::new(
        snapshot.participants().page(chat.id, request)?,
        &chat,
    ))
}

/// The last memberships of those who left and did not come back, for whoever may see the chat's
/// card.
///
/// # Errors
/// See [`AccessError`].
pub fn list_former_participants(
    snapshot: &mut dyn Snapshot,
    actor: Actor,
    chat: ChatId,
    request: PageRequest,
) -> Result<Placed<Page<Participant>>, AccessError> {
    let chat = view_card(snapshot, actor, chat)?;
    Ok(Placed::new(
        snapshot.participants().former(chat.id, request)?,
        &chat,
    ))
}
