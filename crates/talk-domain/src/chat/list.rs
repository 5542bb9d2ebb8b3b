//! Use cases: list the caller's chats, and find channels.

use crate::chat::{Chat, ChatFilter};
use crate::context::Actor;
use crate::error::{Invalid, refusals};
use crate::limits::{Limits, check_text};
use crate::page::{Page, PageRequest};
use crate::store::{Snapshot, StoreError};

/// Chats the caller participates in.
///
/// # Errors
/// Only when storage fails.
pub fn list_chats(
    snapshot: &mut dyn Snapshot,
    actor: Actor,
    filter: ChatFilter,
    request: PageRequest,
) -> Result<Page<Chat>, StoreError> {
    snapshot.chats().of_agent(actor.agent, filter, request)
}

refusals! {
    /// Why channels are not listed.
    pub enum ListChannelsError {
        ..Invalid(Invalid),
        ..Store(StoreError),
    }
}

/// Channels of the customer whose name or detail contains `search`.
///
/// # Errors
/// If `search` is longer than a name.
pub fn list_channels(
    snapshot: &mut dyn Snapshot,
    search: &str,
    request: PageRequest,
) -> Result<Page<Chat>, ListChannelsError> {
    check_text("search", search, Limits::default().name)?;
    Ok(snapshot.chats().channels(search, request)?)
}
