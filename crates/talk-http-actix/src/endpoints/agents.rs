//! `/v1.0/agents`.

use actix_web::http::Method;
use talk_domain::identity::agent::create::{CreateAgentError, create_agent};
use talk_domain::identity::agent::delete::{DeleteAgentError, delete_agent};
use talk_domain::identity::agent::show::{ShowAgentError, list_agents, show_agent};
use talk_domain::identity::agent::update::{UpdateAgentError, update_agent};
use talk_domain::kernel::id::AgentId;
use talk_domain::kernel::page::PageRequest;
use talk_wire::request::{CreateAgent, UpdateAgent};
use talk_wire::resource::{Agent, List};

use crate::address::ClientAddress;
use crate::body::Body;
use crate::caller::{Administrator, Caller, ok};
use crate::endpoint::{Answer, Endpoint, Id, Kept, Queried};
use crate::rate::HEAVY;
use crate::service::once::{PostResult, check_key_header};

const ALL: &str = "/v1.0/agents";
const ONE: &str = "/v1.0/agents/{agent_id}";

pub(super) fn rows() -> Vec<Endpoint> {
    let new = CreateAgent {
        username: "bob".to_owned(),
        password: "a long password".to_owned(),
        name: Some("Bob".to_owned()),
        detail: None,
        permission: Some(16),
    };
    let disabled = UpdateAgent {
        status: Some("disabled".to_owned()),
        ..UpdateAgent::default()
    };
    vec![
        Endpoint::new(Method::GET, ALL, list)
            .named("listAgents", "Lists the customer's agents")
            .about("The ids for `owner_id` come from here."),
        Endpoint::new(Method::POST, ALL, create)
            .named("createAgent", "Creates an agent")
            .about("By admins and managers. `permission` is 16 agent, 32 admin or 64 manager.")
            .sends("an agent", &new),
        Endpoint::new(Method::GET, ONE, show).named("showAgent", "Shows an agent"),
        Endpoint::new(Method::PUT, ONE, update)
            .named("updateAgent", "Changes an agent")
            .about(
                "By admins and managers. What is absent stays. Disabling ends tokens, keys and \
                 sockets.",
            )
            .sends("disable", &disabled),
        Endpoint::new(Method::DELETE, ONE, delete)
            .named("deleteAgent", "Deletes an agent")
            .about(
                "By admins and managers. Ends its tokens, keys, sockets and memberships. The last \
                 active admin or manager stays.",
            )
            .answers("The deleted agent."),
    ]
}

async fn list(caller: Caller, Queried(page): Queried<PageRequest>) -> Answer<List<Agent>> {
    let read = caller.read("list_agents", move |snapshot, _| {
        list_agents(snapshot, page)
    });
    Ok(caller.page(&read.await?, |agent| Agent::from(agent)))
}

async fn show(caller: Caller, Id(id): Id<AgentId>) -> Answer<Agent, ShowAgentError> {
    let read = caller.read("show_agent", move |snapshot, _| show_agent(snapshot, id));
    Ok(ok(&Agent::from(&read.await?)))
}

/// Hashing is slow, so it comes after all other checks and before the transaction.
async fn create(
    Administrator(caller): Administrator,
    body: Body<CreateAgent>,
) -> Answer<Kept<Agent>, CreateAgentError> {
    let new = body.value.check(&caller.cx.limits)?;
    check_key_header(&caller.request)?;
    caller.charge(HEAVY).await?;
    let client = ClientAddress::of(&caller.request);
    let turn = caller.shared.hashing.turn(client).await?;
    let password = caller
        .shared
        .api
        .passwords
        .hash(new.password.clone())
        .await?;
    drop(turn);
    let command = new.command(caller.cx.fresh(), caller.cx.actor.customer, password);
    let posted = caller.post("create_agent", &body.sent, move |uow, cx| {
        let agent = create_agent(uow, Some(&cx.actor), &command, (cx.now, &cx.limits))?;
        Ok(PostResult::value(&Agent::from(&agent)))
    });
    Ok(posted.await?.respond())
}

async fn update(
    Administrator(caller): Administrator,
    Id(id): Id<AgentId>,
    body: Body<UpdateAgent>,
) -> Answer<Agent, UpdateAgentError> {
    let command = body.value.command(id)?;
    let write = caller.write("update_agent", move |uow, cx| {
        update_agent(uow, Some(&cx.actor), &command, (cx.now, &cx.limits))
    });
    let agent = write.await?;
    caller.shared.actors.clear();
    Ok(ok(&Agent::from(&agent)))
}

async fn delete(
    Administrator(caller): Administrator,
    Id(id): Id<AgentId>,
) -> Answer<Agent, DeleteAgentError> {
    let write = caller.write("delete_agent", move |uow, cx| delete_agent(uow, cx, id));
    let agent = write.await?;
    caller.shared.actors.clear();
    Ok(ok(&Agent::from(&agent)))
}
