//! Use case: delete an access key.

use crate::access_key::AccessKey;
use crate::error::refusals;
use crate::id::{AccessKeyId, AgentId};
use crate::store::{StoreError, UnitOfWork};
use crate::time::Timestamp;

refusals! {
    /// Why a key is not deleted.
    pub enum DeleteAccessKeyError {
        NoSuchKey = NotFound "ACCESS_KEY_NOT_FOUND" "there is no such access key",
        ..Store(StoreError),
    }
}

/// Ends a key of `owner` (any of the customer for the operator, `None`).
///
/// # Errors
/// See [`DeleteAccessKeyError`].
pub fn delete_access_key(
    uow: &mut dyn UnitOfWork,
    owner: Option<AgentId>,
    id: AccessKeyId,
    now: Timestamp,
) -> Result<AccessKey, DeleteAccessKeyError> {
    let key = uow
        .keys()
        .get(id)?
        .filter(|key| key.deleted.is_none() && owner.is_none_or(|owner| owner == key.agent));
    let mut key = key.ok_or(DeleteAccessKeyError::NoSuchKey)?;
    key.updated = now.max(key.updated.next());
    key.deleted = Some(key.updated);
    uow.keys().update(&key)?;
    Ok(key)
}
