//! `/v1.0/service_agents/talk_presence`.

use actix_web::http::Method;
use talk_domain::kernel::error::Invalid;
use talk_domain::kernel::id::AgentId;
use talk_domain::talk::live::presence::{MAX_AGENTS, PresenceError, known_agents};
use talk_wire::id;
use talk_wire::resource::{AgentPresence, List};

use crate::api_error::ApiError;
use crate::caller::{Caller, ok};
use crate::endpoint::{Answer, Endpoint, Form, FromQuery, Parameter, Queried, QueryReader};
use crate::openapi::example;

pub(super) fn rows() -> Vec<Endpoint> {
    vec![
        Endpoint::new(Method::GET, "/v1.0/service_agents/talk_presence", list)
            .named("listPresence", "Lists the presence of agents")
            .about(
                "`online`, `away` (5 minutes without a frame) or `offline` (5 seconds without a \
                 socket). Agents of other customers are left out.",
            ),
    ]
}

/// The agents whose presence is requested.
struct Wanted(Vec<AgentId>);

impl FromQuery for Wanted {
    fn read(query: &mut QueryReader) -> Result<Self, ApiError> {
        let about = "One to 100 ids, separated by commas.";
        let agents = Parameter::new("agent_ids", Form::Ids(MAX_AGENTS), about)
            .refused(&["AGENT_IDS_REQUIRED", "INVALID_ID", "LIMIT_EXCEEDED"])
            .required(example::BOB);
        let asked = query.get(agents).unwrap_or_default();
        let asked = asked.split(',').map(str::trim).filter(|id| !id.is_empty());
        let agents: Result<_, Invalid> = asked.map(|text| id::parse("agent_ids", text)).collect();
        Ok(Self(agents?))
    }
}

async fn list(
    caller: Caller,
    Queried(Wanted(agents)): Queried<Wanted>,
) -> Answer<List<AgentPresence>, PresenceError> {
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
