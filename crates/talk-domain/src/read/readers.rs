//! Use case: list who has read a message.

use crate::access::{AccessError, Placed, view_message};
use crate::context::Actor;
use crate::id::MessageId;
use crate::page::{Page, PageRequest};
use crate::read::ReadMark;
use crate::store::Snapshot;

/// The participants whose mark is at the message or after it.
///
/// # Errors
/// See [`AccessError`].
pub fn list_readers(
    snapshot: &mut dyn Snapshot,
    actor: Actor,
    message: MessageId,
    request: PageRequest,
) -> Result<Placed<Page<ReadMark>>, AccessError> {
    let (chat, message) = view_message(snapshot, actor, message)?;
    let readers = snapshot.reads().readers(chat.id, message.seq, request)?;
    Ok(Placed::new(readers, &chat))
}
