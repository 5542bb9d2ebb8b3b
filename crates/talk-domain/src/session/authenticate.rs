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
