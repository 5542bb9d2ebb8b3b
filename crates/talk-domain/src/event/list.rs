//! Use case: read a chat's event log.

use crate::access::{AccessError, Placed, view};
use crate::context::Actor;
use crate::event::LoggedEvent;
use crate::id::ChatId;
use crate::store::Snapshot;

/// Which part of the log is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListEvents {
    /// The chat.
    pub chat: ChatId,
    /// After this one, from 0.
    pub since: u64,
    /// At most so many.
    pub limit: u32,
}

/// Logged events of a chat of the caller, ascending; the place is the log's head.
///
/// # Errors
/// See [`AccessError`].
pub fn list_events(
    snapshot: &mut dyn Snapshot,
    actor: Actor,
    query: ListEvents,
) -> Result<Placed<Vec<LoggedEvent>>, AccessError> {
    let chat = view(snapshot, actor, query.chat)?;
    let events = snapshot.events().after(chat.id, query.since, query.limit)?;
    Ok(Placed::new(events, &chat))
}
