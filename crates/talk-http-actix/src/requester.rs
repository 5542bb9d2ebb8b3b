//! The one place of this crate that changes something, on behalf of an agent or of its login.

use talk_domain::identity::agent::password::renew_password_hash;
use talk_domain::identity::agent::{Agent, PasswordHash};
use talk_domain::identity::session::Credential;
use talk_domain::identity::session::act::Authority;
use talk_domain::identity::session::authenticate::AuthenticateError;
use talk_domain::kernel::context::Context;
use talk_domain::kernel::error::{CheckedError, DomainError};
use talk_domain::kernel::store::{Unit, UnitOfWork};
use talk_domain::kernel::store_error::StoreError;

use crate::api_error::ApiError;
use crate::shared::Shared;

/// An agent that asks for a change, over REST or a socket.
#[derive(Clone, Debug)]
pub(crate) struct Requester {
    /// The request, with the agent as it was authenticated.
    pub(crate) cx: Context,
    /// What the agent was authenticated with.
    pub(crate) credential: Credential,
}

impl Requester {
    /// Runs a use case in a unit of work that first checks that the agent still may act. `work` gets
    /// the context with the permission that the agent has by then.
    pub(crate) async fn change<T, E>(
        self,
        shared: &Shared,
        name: &'static str,
        mut work: impl FnMut(&mut dyn UnitOfWork, &Context) -> Result<T, E> + Send + 'static,
    ) -> Result<T, CheckedError<AuthenticateError, E>>
    where
        T: Send + 'static,
        E: From<StoreError> + DomainError,
    {
        let Self { mut cx, credential } = self;
        let authority = Authority {
            actor: cx.actor,
            credential,
            now: (shared.api.clock)(),
        };
        let change = shared
            .api
            .store
            .write_as(authority, name, move |uow, actor| {
                cx.actor = actor;
                work(uow, &cx)
            });
        change.await
    }
}

/// Hashes the password of a login again, which was right and stored as it was typed. A login that
/// cannot be renewed is none the worse: the next one tries again.
pub(crate) async fn renew_password(
    shared: &Shared,
    agent: &Agent,
    (password, verified): (String, PasswordHash),
) {
    let renewed = match shared.api.passwords.hash(password).await {
        Ok(new) => {
            let (id, unit) = (agent.id, Unit::of(agent.customer, "renew_password"));
            let store = &shared.api.store;
            store
                .write(unit, move |uow| {
                    renew_password_hash(uow, id, (&verified, &new))
                })
                .await
                .map_err(ApiError::from)
        }
        Err(error) => Err(error.into()),
    };
    if let Err(error) = renewed {
        tracing::warn!(reason = error.reason(), agent = %agent.id, "a password was not renewed");
    }
}

#[cfg(test)]
mod tests;
