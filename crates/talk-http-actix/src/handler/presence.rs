//! `/v1.0/service_agents/talk_presence`: who is there.

pub(super) mod docs;

use talk_domain::error::Invalid;
use talk_domain::id::AgentId;
use talk_domain::live::presence::known_agents;
use talk_wire::id;
use talk_wire::resource::{AgentPresence, List};

use crate::caller::{Caller, Reply, ok};

pub(crate) async fn list(caller: Caller) -> Reply {
    let query = caller.query()?;
    let asked = query.get("agent_ids").unwrap_or_default();
    let asked = asked.split(',').map(str::trim).filter(|id| !id.is_empty());
    let agents: Result<Vec<AgentId>, Invalid> =
        asked.map(|text| id::parse("agent_ids", text)).collect();
    let agents = agents?;
    let read = caller.read("presence", move |snapshot, _| {
        known_agents(snapshot, &agents)
    });
    let told = caller.shared.api.live.presence(&read.await?);
    let told = told
        .into_iter()
        .map(|(agent, presence)| AgentPresence::new(agent, presence));
    Ok(ok(&List {
        result: told.collect(),
        next_page_token: String::new(),
    }))
}
