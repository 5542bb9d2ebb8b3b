//! Changes on behalf of an agent: the unit of work first checks that the agent still may act. The
//! authentication of a request may be long ago when its change is made, since a client may send the
//! body slowly.

use crate::identity::session::Credential;
use crate::identity::session::authenticate::{AuthenticateError, authenticate};
use crate::identity::unit::IdentityUnit;
use crate::kernel::context::Actor;
use crate::kernel::error::{CheckedError, DomainError};
use crate::kernel::store::{Domain, Store, Unit};
use crate::kernel::store_error::StoreError;
use crate::kernel::time::Timestamp;

/// An authenticated agent that requests a change.
#[derive(Clone, Copy, Debug)]
pub struct Authority {
    /// The agent. The unit of work reads its permission again.
    pub actor: Actor,
    /// The credential of the agent.
    pub credential: Credential,
    /// Time of the request.
    pub now: Timestamp,
}

impl<D: Domain> dyn Store<D>
where
    for<'a> D::Unit<'a>: IdentityUnit,
{
    /// Runs `work` like `write`, on behalf of an agent. First checks in the same transaction that
    /// the credential is still valid, and passes the actor with its current permission to `work`.
    ///
    /// # Errors
    /// [`CheckedError::Check`] if the credential or its agent has ended, the error of `work`, or the
    /// store's own.
    pub async fn write_as<T, E>(
        &self,
        authority: Authority,
        name: &'static str,
        mut work: impl for<'a> FnMut(&'a mut D::Unit<'a>, Actor) -> Result<T, E> + Send + 'static,
    ) -> Result<T, CheckedError<AuthenticateError, E>>
    where
        T: Send + 'static,
        E: From<StoreError> + DomainError,
    {
        let unit = Unit::by(authority.actor, name);
        let checked = self.write(unit, move |uow| {
            let actor = confirm(uow, &authority).map_err(CheckedError::Check)?;
            work(uow, actor).map_err(CheckedError::Work)
        });
        checked.await
    }
}

/// Reads the actor again inside the unit of work.
fn confirm<U: IdentityUnit + ?Sized>(
    uow: &mut U,
    authority: &Authority,
) -> Result<Actor, AuthenticateError> {
    let Authority {
        actor,
        credential,
        now,
    } = authority;
    let found = authenticate(uow.directory(), credential, *now)?.actor;
    if (found.customer, found.agent) == (actor.customer, actor.agent) {
        return Ok(found);
    }
    Err(AuthenticateError::Revoked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::agent::Agent;
    use crate::identity::credentials::{TokenClaims, VerifiedToken};
    use crate::kernel::context::Permission;
    use crate::testing::{MockUnitOfWork, actor, agent_id, an_agent, at};
    use uuid::Uuid;

    fn unit(agent: Agent, is_revoked: bool) -> MockUnitOfWork {
        let mut uow = MockUnitOfWork::default();
        uow.directory
            .expect_agent()
            .returning(move |_| Ok(Some(agent.clone())));
        uow.directory
            .expect_is_revoked()
            .returning(move |_| Ok(is_revoked));
        uow
    }

    fn authority() -> Authority {
        Authority {
            actor: Actor {
                permission: Permission::Admin,
                ..actor(agent_id(2))
            },
            credential: Credential::Token(VerifiedToken::Local(TokenClaims {
                agent: agent_id(2),
                token: Uuid::from_u128(1).into(),
                generation: 0,
                expires: at(99),
            })),
            now: at(10),
        }
    }

    /// Case 48.
    #[test]
    fn a_change_is_made_with_the_permission_of_its_time() {
        let demoted = confirm(&mut unit(an_agent(2), false), &authority()).unwrap();
        assert_eq!(demoted.permission, Permission::Agent);
        let promoted = Agent {
            permission: Permission::Manager,
            ..an_agent(2)
        };
        let promoted = confirm(&mut unit(promoted, false), &authority()).unwrap();
        assert_eq!(promoted.permission, Permission::Manager);
    }

    /// Case 48.
    #[test]
    fn an_actor_whose_session_has_ended_changes_nothing() {
        let deleted = Agent {
            deleted: Some(at(1)),
            ..an_agent(2)
        };
        let another = an_agent(3);
        for (agent, is_revoked) in [(an_agent(2), true), (deleted, false), (another, false)] {
            let refused = confirm(&mut unit(agent, is_revoked), &authority());
            assert!(matches!(refused, Err(AuthenticateError::Revoked)));
        }
    }
}
