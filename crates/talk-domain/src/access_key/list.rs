//! Use case: list access keys.

use crate::access_key::AccessKey;
use crate::id::AgentId;
use crate::page::{Page, PageRequest};
use crate::store::{Snapshot, StoreError};

/// The agent's own keys.
///
/// # Errors
/// Only when storage fails.
pub fn list_access_keys(
    snapshot: &mut dyn Snapshot,
    agent: AgentId,
    request: PageRequest,
) -> Result<Page<AccessKey>, StoreError> {
    snapshot.keys().page(agent, request)
}
