//! Use cases: show a message and its earlier versions.

use crate::access::{AccessError, Placed, view_message};
use crate::context::Actor;
use crate::id::MessageId;
use crate::message::{Message, Revision};
use crate::page::{Page, PageRequest};
use crate::store::Snapshot;

/// A message, for participants of its chat; deleted ones are tombstones.
///
/// # Errors
/// See [`AccessError`].
pub fn show_message(
    snapshot: &mut dyn Snapshot,
    actor: Actor,
    id: MessageId,
) -> Result<Placed<Message>, AccessError> {
    let (chat, message) = view_message(snapshot, actor, id)?;
    Ok(Placed::new(message, &chat))
}

/// What a message said before its edits, for participants of its chat.
///
/// # Errors
/// See [`AccessError`].
pub fn list_revisions(
    snapshot: &mut dyn Snapshot,
    actor: Actor,
    id: MessageId,
    request: PageRequest,
) -> Result<Placed<Page<Revision>>, AccessError> {
    let (chat, message) = view_message(snapshot, actor, id)?;
    let page = match message.deleted {
        // Some may be left, which are removed behind.
        Some(_) => Page {
            rows: Vec::new(),
            next: None,
        },
        None => snapshot.messages().revisions(message.id, request)?,
    };
    Ok(Placed::new(page, &chat))
}
