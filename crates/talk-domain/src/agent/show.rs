//! Use cases: show one agent, list all of the customer.

use crate::agent::Agent;
use crate::error::refusals;
use crate::id::AgentId;
use crate::page::{Page, PageRequest};
use crate::store::{Snapshot, StoreError};

refusals! {
    /// Why an agent is not shown.
    pub enum ShowAgentError {
        NoSuchAgent = NotFound "AGENT_NOT_FOUND" "there is no such agent",
        ..Store(StoreError),
    }
}

/// An agent of the snapshot's customer.
///
/// # Errors
/// See [`ShowAgentError`].
pub fn show_agent(snapshot: &mut dyn Snapshot, id: AgentId) -> Result<Agent, ShowAgentError> {
    let agent = snapshot.agents().get(id)?;
    agent
        .filter(|agent| agent.deleted.is_none())
        .ok_or(ShowAgentError::NoSuchAgent)
}

/// Agents of the snapshot's customer; this is where participants' ids come from.
///
/// # Errors
/// Only when storage fails.
pub fn list_agents(
    snapshot: &mut dyn Snapshot,
    request: PageRequest,
) -> Result<Page<Agent>, StoreError> {
    snapshot.agents().page(request)
}
