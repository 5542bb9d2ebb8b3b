//! Use case: find out whom a verified token or a presented key stands for.

use crate::access_key::KeyHash;
use crate::agent::Agent;
use crate::context::Actor;
use crate::error::refusals;
use crate::id::{AgentId, CustomerId, TokenId};
use crate::session::TokenClaims;
use crate::store::{Snapshot, StoreError};
use crate::time::Timestamp;

refusals! {
    /// Why nobody is let in.
    pub enum AuthenticateError {
        Revoked = Unauthenticated "TOKEN_REVOKED" "the token or key is revoked, expired or unknown",
        ..Store(StoreError),
    }
}

/// The agent of a token of this installation, unless the token was revoked.
///
/// # Errors
/// See [`AuthenticateError`].
pub fn authenticate_token(
    snapshot: &mut dyn Snapshot,
    claims: &TokenClaims,
) -> Result<Actor, AuthenticateError> {
    let agent = snapshot.directory().agent(claims.agent)?;
    let agent = agent.filter(|agent| agent.token_generation == claims.generation);
    unrevoked(snapshot, claims.token)?;
    actor(agent)
}

/// The agent a trusted issuer's token names.
///
/// # Errors
/// See [`AuthenticateError`].
pub fn authenticate_external(
    snapshot: &mut dyn Snapshot,
    agent: AgentId,
    customer: CustomerId,
    token: TokenId,
) -> Result<Actor, AuthenticateError> {
    let agent = snapshot.directory().agent(agent)?;
    let agent = agent.filter(|agent| agent.customer == customer);
    unrevoked(snapshot, token)?;
    actor(agent)
}

/// The agent of an access key.
///
/// # Errors
/// See [`AuthenticateError`].
pub fn authenticate_key(
    snapshot: &mut dyn Snapshot,
    hash: &KeyHash,
    now: Timestamp,
) -> Result<(Actor, Option<Timestamp>), AuthenticateError> {
    let key = snapshot
        .directory()
        .key(hash)?
        .filter(|key| key.is_valid(now));
    let key = key.ok_or(AuthenticateError::Revoked)?;
    Ok((actor(snapshot.directory().agent(key.agent)?)?, key.expires))
}

fn unrevoked(snapshot: &mut dyn Snapshot, token: TokenId) -> Result<(), AuthenticateError> {
    if snapshot.directory().is_revoked(token)? {
        return Err(AuthenticateError::Revoked);
    }
    Ok(())
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
    use crate::access_key::AccessKey;
    use crate::agent::AgentStatus;
    use crate::testing::{MockSnapshot, agent_id, an_agent, at, customer_id};
    use uuid::Uuid;

    fn snapshot(agent: Agent, is_revoked: bool) -> MockSnapshot {
        let mut snapshot = MockSnapshot::default();
        snapshot
            .directory
            .expect_agent()
            .returning(move |_| Ok(Some(agent.clone())));
        snapshot
            .directory
            .expect_is_revoked()
            .returning(move |_| Ok(is_revoked));
        snapshot
    }

    fn claims(generation: u32) -> TokenClaims {
        let token = Uuid::from_u128(1).into();
        TokenClaims {
            agent: agent_id(2),
            token,
            generation,
            expires: at(99),
        }
    }

    /// SPEC 2.
    #[test]
    fn a_token_stands_for_its_agent() {
        let actor = authenticate_token(&mut snapshot(an_agent(2), false), &claims(0)).unwrap();
        assert_eq!((actor.agent, actor.customer), (agent_id(2), customer_id()));
    }

    /// SPEC 2: logout, password change, disabling, deleting.
    #[test]
    fn revoked_older_disabled_and_deleted_open_nothing() {
        let disabled = Agent {
            status: AgentStatus::Disabled,
            ..an_agent(2)
        };
        let deleted = Agent {
            deleted: Some(at(1)),
            ..an_agent(2)
        };
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
            let refused = authenticate_token(&mut snapshot(agent, is_revoked), &claims(generation));
            assert!(matches!(refused, Err(AuthenticateError::Revoked)));
        }
    }

    /// SPEC 2: a trusted issuer names agents of their own customer only.
    #[test]
    fn an_external_token_of_another_customer_opens_nothing() {
        let token = Uuid::from_u128(1).into();
        for (customer, opens) in [(customer_id(), true), (Uuid::from_u128(7).into(), false)] {
            let mut snapshot = snapshot(an_agent(2), false);
            let actor = authenticate_external(&mut snapshot, agent_id(2), customer, token);
            assert_eq!(actor.is_ok(), opens);
        }
    }

    fn key() -> AccessKey {
        AccessKey {
            id: Uuid::from_u128(3).into(),
            customer: customer_id(),
            agent: agent_id(2),
            name: String::new(),
            detail: String::new(),
            hash: [1; 32],
            prefix: "vb_12345678".into(),
            expires: None,
            created: at(0),
            updated: at(0),
            deleted: None,
        }
    }

    ///
    #[test]
    fn a_key_acts_as_its_agent_until_it_expires_or_is_deleted() {
        for (key, opens) in [
            (key(), true),
            (
                AccessKey {
                    expires: Some(at(10)),
                    ..key()
                },
                false,
            ),
            (
                AccessKey {
                    expires: Some(at(11)),
                    ..key()
                },
                true,
            ),
            (
                AccessKey {
                    deleted: Some(at(1)),
                    ..key()
                },
                false,
            ),
        ] {
            let mut snapshot = snapshot(an_agent(2), false);
            snapshot
                .directory
                .expect_key()
                .returning(move |_| Ok(Some(key.clone())));
            assert_eq!(
                authenticate_key(&mut snapshot, &[1; 32], at(10)).is_ok(),
                opens
            );
        }
    }
}
