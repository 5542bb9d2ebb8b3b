//! Use case: log out.

use crate::id::TokenId;
use crate::store::{StoreError, UnitOfWork};
use crate::time::Timestamp;

/// Revokes a token until it would have expired by itself; its connections end.
///
/// # Errors
/// Only when storage fails.
pub fn logout(
    uow: &mut dyn UnitOfWork,
    token: TokenId,
    expires: Timestamp,
) -> Result<(), StoreError> {
    uow.sessions().revoke(token, expires)?;
    uow.sessions().count_end()
}
