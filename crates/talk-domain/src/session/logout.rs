//! Use case: log out.

use crate::id::{AgentId, TokenId};
use crate::store::{StoreError, UnitOfWork};
use crate::time::Timestamp;

/// Revokes a token of `agent` until it would have expired by itself; its connections end.
///
/// # Errors
/// Only when storage fails.
pub fn logout(
    uow: &mut dyn UnitOfWork,
    (agent, now): (AgentId, Timestamp),
    (token, expires): (TokenId, Timestamp),
) -> Result<(), StoreError> {
    uow.sessions().revoke(token, expires)?;
    uow.sessions().end(agent, now)
}
