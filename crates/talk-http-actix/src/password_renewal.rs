//! Renewal of password hashes in the older form: the only change that no session is checked for.

use talk_domain::identity::agent::password::renew_password_hash;
use talk_domain::identity::agent::{Agent, PasswordHash};
use talk_domain::kernel::store::Unit;

use crate::api_error::ApiError;
use crate::shared::Shared;

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
