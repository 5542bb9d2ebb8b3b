//! Use case: show a chat.

use crate::access::{AccessError, Placed, view_card};
use crate::chat::Chat;
use crate::context::Actor;
use crate::id::ChatId;
use crate::store::Snapshot;

/// A chat's card: for its participants; a channel's for every agent of the customer.
///
/// # Errors
/// See [`AccessError`].
pub fn show_chat(
    snapshot: &mut dyn Snapshot,
    actor: Actor,
    id: ChatId,
) -> Result<Placed<Chat>, AccessError> {
    let chat = view_card(snapshot, actor, id)?;
    Ok(Placed::new(chat.clone(), &chat))
}
