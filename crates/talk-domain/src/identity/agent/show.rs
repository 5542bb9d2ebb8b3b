//! Use cases: show one agent, list all of the customer.

use crate::identity::agent::Agent;
use crate::identity::unit::IdentitySnapshot;
use crate::kernel::error::refusals;
use crate::kernel::id::AgentId;
use crate::kernel::page::{Page, PageRequest};
use crate::kernel::store_error::StoreError;

refusals! {
    /// Refusals of [`show_agent`].
    pub enum ShowAgentError {
        NoSuchAgent = NotFound "AGENT_NOT_FOUND" "there is no such agent",
        ..Store(StoreError),
    }
}

/// Shows an agent of the snapshot's customer.
///
/// # Errors
/// See [`ShowAgentError`].
pub fn show_agent(
    snapshot: &mut dyn IdentitySnapshot,
    id: AgentId,
) -> Result<Agent, ShowAgentError> {
    let agent = snapshot.agents().get(id)?;
    agent
        .filter(|agent| agent.deleted.is_none())
        .ok_or(ShowAgentError::NoSuchAgent)
}

/// Lists the agents of the snapshot's customer.
///
/// # Errors
/// Only when storage fails.
pub fn list_agents(
    snapshot: &mut dyn IdentitySnapshot,
    request: PageRequest,
) -> Result<Page<Agent>, StoreError> {
    snapshot.agents().page(request)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{FIRST, MockSnapshot, agent_id, an_agent, at};

    fn snapshot(agent: Option<Agent>) -> MockSnapshot {
        let mut snapshot = MockSnapshot::default();
        let get = snapshot.agents.expect_get();
        get.returning(move |_| Ok(agent.clone()));
        let page = snapshot.agents.expect_page();
        page.withf(|request| *request == FIRST).returning(|_| {
            Ok(Page {
                rows: vec![an_agent(2)],
                next: None,
            })
        });
        snapshot
    }

    /// AUTH-06: deleted, then 404.
    #[test]
    fn a_deleted_and_an_unknown_agent_are_not_found() {
        let deleted = Agent {
            deleted: Some(at(1)),
            ..an_agent(2)
        };
        for agent in [Some(deleted), None] {
            let refused = show_agent(&mut snapshot(agent), agent_id(2));
            assert!(matches!(refused, Err(ShowAgentError::NoSuchAgent)));
        }
        let shown = show_agent(&mut snapshot(Some(an_agent(2))), agent_id(2));
        assert_eq!(shown.unwrap(), an_agent(2));
    }

    /// AUTH-05.
    #[test]
    fn agents_are_listed_page_by_page() {
        let listed = list_agents(&mut snapshot(None), FIRST).unwrap();
        assert_eq!(listed.rows, [an_agent(2)]);
    }
}
