//! Finds agents from older versions whose usernames differ only in case or Unicode form.

use std::sync::Arc;

use talk_domain::kernel::store::{Store, Unit};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::unit::Talk;

/// Maximum of listed names.
const LISTED: u32 = 100;

/// Lists the agents that can log in only with the exact spelling of their username, since another
/// agent has it in another case or form.
///
/// # Errors
/// If storage fails.
pub(crate) async fn colliding(store: &Arc<dyn Store<Talk>>) -> Result<Vec<String>, StoreError> {
    let unit = Unit::installation("colliding_usernames");
    let agents = store.read(unit, |snapshot| {
        snapshot.directory().colliding_agents(LISTED)
    });
    let describe = |agent: talk_domain::identity::agent::Agent| {
        format!(
            "agent {} ({:?}) logs in with exactly this name only: another agent has it in another \
             case or Unicode form",
            agent.id, agent.username
        )
    };
    Ok(agents.await?.into_iter().map(describe).collect())
}

/// Writes them to the log.
///
/// # Errors
/// If storage fails.
pub(crate) async fn warn_of_collisions(store: &Arc<dyn Store<Talk>>) -> Result<(), StoreError> {
    for collision in colliding(store).await? {
        tracing::warn!("{collision}");
    }
    Ok(())
}
