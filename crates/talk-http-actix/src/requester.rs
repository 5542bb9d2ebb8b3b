//! The only place in this crate that writes to the store, on behalf of an agent or of its login.

use talk_domain::identity::agent::password::renew_password_hash;
use talk_domain::identity::agent::{Agent, PasswordHash};
use talk_domain::identity::session::Credential;
use talk_domain::identity::session::act::Authority;
use talk_domain::identity::session::authenticate::AuthenticateError;
use talk_domain::kernel::context::Context;
use talk_domain::kernel::error::{CheckedError, DomainError};
use talk_domain::kernel::store::Unit;
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::unit::TalkUnit;

use crate::api_error::ApiError;
use crate::shared::Shared;

/// An agent that requests a change, over REST or a socket.
#[derive(Clone, Debug)]
pub(crate) struct Requester {
    /// The context, with the agent as authenticated.
    pub(crate) cx: Context,
    /// The credential of the agent.
    pub(crate) credential: Credential,
}

impl Requester {
    /// Runs a use case in a unit of work that first checks that the agent still may act. `work`
    /// gets the context with the agent's current permission.
    pub(crate) async fn change<T, E>(
        self,
        shared: &Shared,
        name: &'static str,
        mut work: impl FnMut(&mut dyn TalkUnit, &Context) -> Result<T, E> + Send + 'static,
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

/// Renews the hash of a password that was stored in the older form. Failures are ignored: the next
/// login tries again.
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
