//! Use case: check whose presence the caller may read.

use crate::identity::agent::Agent;
use crate::kernel::error::{Invalid, refusals};
use crate::kernel::id::AgentId;
use crate::kernel::store_error::StoreError;
use crate::talk::unit::TalkSnapshot;

/// Maximum of agents per request.
pub const MAX_AGENTS: usize = 100;

refusals! {
    /// Refusals of [`known_agents`].
    pub enum PresenceError {
        ..Invalid(Invalid),
        ..Store(StoreError),
    }
}

/// Returns those of `agents` that are agents of the customer; others are left out.
///
/// # Errors
/// If there are none or more than [`MAX_AGENTS`].
pub fn known_agents(
    snapshot: &mut dyn TalkSnapshot,
    agents: &[AgentId],
) -> Result<Vec<AgentId>, PresenceError> {
    if agents.is_empty() {
        return Err(Invalid::new("agent_ids", "AGENT_IDS_REQUIRED", "must name an agent").into());
    }
    if agents.len() > MAX_AGENTS {
        return Err(Invalid::too_long("agent_ids", MAX_AGENTS, "agents").into());
    }
    let mut known = Vec::with_capacity(agents.len());
    for id in agents {
        let agent = snapshot.agents().get(*id)?;
        if agent.as_ref().is_some_and(is_there) && !known.contains(id) {
            known.push(*id);
        }
    }
    Ok(known)
}

const fn is_there(agent: &Agent) -> bool {
    agent.deleted.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MockSnapshot, agent_id, an_agent, at};

    #[test]
    fn only_agents_of_the_customer_are_known_each_once() {
        let mut snapshot = MockSnapshot::default();
        snapshot.agents.expect_get().returning(|id| {
            let deleted = (id == agent_id(2)).then(|| at(1));
            let agents = [1, 2].map(an_agent).into_iter();
            let mut found = agents
                .filter(|agent| agent.id == id)
                .map(|agent| Agent { deleted, ..agent });
            Ok(found.next())
        });
        let asked = [1, 2, 3, 1].map(agent_id);
        assert_eq!(known_agents(&mut snapshot, &asked).unwrap(), [agent_id(1)]);
        for bad in [vec![], vec![agent_id(1); MAX_AGENTS + 1]] {
            assert!(matches!(
                known_agents(&mut snapshot, &bad),
                Err(PresenceError::Invalid(_))
            ));
        }
    }

    /// API-18: a limit is still allowed.
    #[test]
    fn the_presence_of_a_hundred_agents_can_be_requested_at_once() {
        let mut snapshot = MockSnapshot::default();
        snapshot
            .agents
            .expect_get()
            .returning(|_| Ok(Some(an_agent(1))));
        let asked: Vec<_> = (1..=100).map(agent_id).collect();
        assert_eq!(known_agents(&mut snapshot, &asked).unwrap(), asked);
    }
}
