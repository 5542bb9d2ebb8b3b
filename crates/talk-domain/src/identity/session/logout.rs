//! Use case: log out.

use crate::identity::unit::IdentityUnit;
use crate::kernel::id::{AgentId, TokenId};
use crate::kernel::store_error::StoreError;
use crate::kernel::time::Timestamp;

/// Revokes a token of `agent`, and stores a session end so that the token's connections are closed.
///
/// # Errors
/// Only when storage fails.
pub fn logout(
    uow: &mut dyn IdentityUnit,
    (agent, now): (AgentId, Timestamp),
    (token, expires): (TokenId, Timestamp),
) -> Result<(), StoreError> {
    uow.sessions().revoke(token, expires)?;
    uow.sessions().end(agent, now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MockUnitOfWork, agent_id, at};
    use uuid::Uuid;

    /// AUTH-03: the token is revoked and its sockets close.
    #[test]
    fn a_logout_revokes_the_token_and_ends_the_agents_connections() {
        let token = TokenId(Uuid::from_u128(7));
        let mut uow = MockUnitOfWork::default();
        let revoke = uow.sessions.expect_revoke().times(1);
        revoke
            .withf(move |revoked, until| (*revoked, *until) == (token, at(99)))
            .returning(|_, _| Ok(()));
        let end = uow.sessions.expect_end().times(1);
        end.withf(|agent, now| (*agent, *now) == (agent_id(2), at(9)))
            .returning(|_, _| Ok(()));
        logout(&mut uow, (agent_id(2), at(9)), (token, at(99))).unwrap();
    }
}
