//! How agents are described.

use talk_domain::agent::create::CreateAgentError;
use talk_domain::agent::delete::DeleteAgentError;
use talk_domain::agent::show::ShowAgentError;
use talk_domain::agent::update::UpdateAgentError;
use talk_wire::request::{CreateAgent, UpdateAgent};

use crate::openapi::example::{self, sent};
use crate::openapi::{Need, Operation};

const ALL: &str = "/v1.0/agents";
const ONE: &str = "/v1.0/agents/{agent_id}";

pub(crate) fn operations() -> Vec<Operation> {
    vec![
        Operation::new("get", ALL, "listAgents", "Lists the customer's agents")
            .about("The ids for `owner_id` come from here.")
            .paged()
            .lists("A page of agents.", &example::agent()),
        create(),
        Operation::new("get", ONE, "showAgent", "Shows an agent")
            .refuses::<ShowAgentError>()
            .answers("The agent.", &example::agent()),
        update(),
        Operation::new("delete", ONE, "deleteAgent", "Deletes an agent")
            .about("By admins and managers. Ends its tokens, keys, sockets and memberships. The last active \
                 admin or manager stays.")
            .refuses::<DeleteAgentError>()
            .answers("The deleted agent.", &example::agent()),
    ]
}

fn create() -> Operation {
    let request = CreateAgent {
        username: "bob".to_owned(),
        password: "a long password".to_owned(),
        name: Some("Bob".to_owned()),
        detail: None,
        permission: Some(16),
    };
    Operation::new("post", ALL, "createAgent", "Creates an agent")
        .about("By admins and managers. `permission` is 16 agent, 32 admin or 64 manager.")
        .body::<CreateAgent>(Need::Must, &sent("an agent", &request))
        .once()
        .reasons(&[
            "LIMIT_EXCEEDED",
            "PASSWORD_INVALID",
            "PERMISSION_INVALID",
            "USERNAME_INVALID",
            "USERNAME_REQUIRED",
        ])
        .refuses::<CreateAgentError>()
        .answers("The agent.", &example::agent())
}

fn update() -> Operation {
    let request = UpdateAgent {
        status: Some("disabled".to_owned()),
        ..UpdateAgent::default()
    };
    Operation::new("put", ONE, "updateAgent", "Changes an agent")
        .about("By admins and managers. What is absent stays. Disabling ends tokens, keys and sockets.")
        .body::<UpdateAgent>(Need::Must, &sent("disable", &request))
        .reasons(&["LIMIT_EXCEEDED", "PERMISSION_INVALID", "STATUS_INVALID"])
        .refuses::<UpdateAgentError>()
        .answers("The agent.", &example::agent())
}
