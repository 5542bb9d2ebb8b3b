//! Use case: authenticate a credential.

use crate::identity::access_key::KeyHash;
use crate::identity::agent::Agent;
use crate::identity::credentials::{TOKEN_LEEWAY_SECONDS, VerifiedToken};
use crate::identity::session::{Credential, Directory};
use crate::kernel::context::Actor;
use crate::kernel::error::refusals;
use crate::kernel::store_error::StoreError;
use crate::kernel::time::Timestamp;

refusals! {
    /// Refusals of [`authenticate`].
    pub enum AuthenticateError {
        Revoked = Unauthenticated "TOKEN_REVOKED" "the token or key is revoked, expired or unknown",
        ..Store(StoreError),
    }
}

/// The agent of a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Authenticated {
    /// The agent.
    pub actor: Actor,
    /// Expiry of the credential; `None` never.
    pub expires: Option<Timestamp>,
}

/// Returns the agent of a credential that is valid at `now`: a token that is neither revoked nor of
/// an older generation, or a key that is neither expired nor deleted.
///
/// # Errors
/// See [`AuthenticateError`].
pub fn authenticate(
    directory: &mut dyn Directory,
    credential: &Credential,
    now: Timestamp,
) -> Result<Authenticated, AuthenticateError> {
    match credential {
        Credential::Token(token) => holder_of_token(directory, token, now),
        Credential::Key(hash) => holder_of_key(directory, hash, now),
    }
}

fn holder_of_token(
    directory: &mut dyn Directory,
    token: &VerifiedToken,
    now: Timestamp,
) -> Result<Authenticated, AuthenticateError> {
    let expires = token.expires();
    if now >= expires.plus_seconds(TOKEN_LEEWAY_SECONDS) || directory.is_revoked(token.id())? {
        return Err(AuthenticateError::Revoked);
    }
    let agent = directory.agent(token.agent())?;
    let agent = agent.filter(|agent| match token {
        VerifiedToken::Local(claims) => agent.token_generation == claims.generation,
        VerifiedToken::External { customer, .. } => agent.customer == *customer,
    });
    Ok(Authenticated {
        actor: actor(agent)?,
        expires: Some(expires),
    })
}

fn holder_of_key(
    directory: &mut dyn Directory,
    hash: &KeyHash,
    now: Timestamp,
) -> Result<Authenticated, AuthenticateError> {
    let key = directory.key(hash)?.filter(|key| key.is_valid(now));
    let key = key.ok_or(AuthenticateError::Revoked)?;
    Ok(Authenticated {
        actor: actor(directory.agent(key.agent)?)?,
        expires: key.expires,
    })
}

fn actor(agent: Option<Agent>) -> Result<Actor, AuthenticateError> {
    let agent = agent
        .filter(Agent::is_active)
        .ok_or(AuthenticateError::Revoked)?;
    Ok(Actor {
        customer: agent.customer,
        agent: agent.id,
        permission: agent.permission,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::access_key::AccessKey;
    use crate::identity::credentials::TokenClaims;
    use crate::identity::session::MockDirectory;
    use crate::kernel::id::CustomerId;
    use crate::testing::{
        a_deleted_agent, a_disabled_agent, a_key, agent_id, an_agent, at, customer_id,
    };
    use uuid::Uuid;

    fn directory(agent: Agent, is_revoked: bool) -> MockDirectory {
        let mut directory = MockDirectory::default();
        directory
            .expect_agent()
            .returning(move |_| Ok(Some(agent.clone())));
        directory
            .expect_is_revoked()
            .returning(move |_| Ok(is_revoked));
        directory
    }

    fn local(generation: u32) -> Credential {
        Credential::Token(VerifiedToken::Local(TokenClaims {
            agent: agent_id(2),
            token: Uuid::from_u128(1).into(),
            generation,
            expires: at(99),
        }))
    }

    fn external(customer: CustomerId) -> Credential {
        Credential::Token(VerifiedToken::External {
            agent: agent_id(2),
            customer,
            token: Uuid::from_u128(1).into(),
            expires: at(99),
        })
    }

    /// API-01.
    #[test]
    fn a_token_authenticates_its_agent() {
        let found = authenticate(&mut directory(an_agent(2), false), &local(0), at(10)).unwrap();
        let actor = found.actor;
        assert_eq!((actor.agent, actor.customer), (agent_id(2), customer_id()));
        assert_eq!(found.expires, Some(at(99)));
    }

    /// AUTH-15: logout, password change, disabling, deletion.
    #[test]
    fn revoked_older_disabled_and_deleted_open_nothing() {
        let (disabled, deleted) = (a_disabled_agent(2), a_deleted_agent(2));
        for (agent, is_revoked, generation) in [
            (an_agent(2), true, 0),
            (
                Agent {
                    token_generation: 1,
                    ..an_agent(2)
                },
                false,
                0,
            ),
            (disabled, false, 0),
            (deleted, false, 0),
        ] {
            let mut directory = directory(agent, is_revoked);
            let refused = authenticate(&mut directory, &local(generation), at(10));
            assert!(matches!(refused, Err(AuthenticateError::Revoked)));
        }
    }

    /// AUTH-14: 5 s leeway.
    #[test]
    fn a_token_opens_nothing_once_its_time_and_the_leeway_are_over() {
        let end = at(99).plus_seconds(TOKEN_LEEWAY_SECONDS);
        let before = at(end.as_micros() - 1);
        for (now, opens) in [(before, true), (end, false)] {
            for credential in [local(0), external(customer_id())] {
                let mut directory = directory(an_agent(2), false);
                assert_eq!(
                    authenticate(&mut directory, &credential, now).is_ok(),
                    opens
                );
            }
        }
    }

    /// AUTH-16: a trusted issuer names agents of their own customer only.
    #[test]
    fn an_external_token_of_another_customer_opens_nothing() {
        for (customer, is_revoked, opens) in [
            (customer_id(), false, true),
            (customer_id(), true, false),
            (Uuid::from_u128(7).into(), false, false),
        ] {
            let mut directory = directory(an_agent(2), is_revoked);
            let found = authenticate(&mut directory, &external(customer), at(10));
            assert_eq!(found.is_ok(), opens);
        }
    }

    ///
    #[test]
    fn a_key_acts_as_its_agent_until_it_expires_or_is_deleted() {
        for (key, opens) in [
            (a_key(), true),
            (
                AccessKey {
                    expires: Some(at(10)),
                    ..a_key()
                },
                false,
            ),
            (
                AccessKey {
                    expires: Some(at(11)),
                    ..a_key()
                },
                true,
            ),
            (
                AccessKey {
                    deleted: Some(at(1)),
                    ..a_key()
                },
                false,
            ),
        ] {
            let mut directory = directory(an_agent(2), false);
            directory
                .expect_key()
                .returning(move |_| Ok(Some(key.clone())));
            let found = authenticate(&mut directory, &Credential::Key([1; 32]), at(10));
            assert_eq!(found.is_ok(), opens);
        }
    }
}
