//! `/v1.0/agents`.

pub(super) mod docs;

use talk_domain::agent::create::{CreateAgentError, create_agent};
use talk_domain::agent::delete::delete_agent;
use talk_domain::agent::show::{list_agents, show_agent};
use talk_domain::agent::update::update_agent;
use talk_wire::json;
use talk_wire::request;
use talk_wire::resource::Agent;

use crate::address::ClientAddress;
use crate::body::Body;
use crate::caller::{Administrator, Caller, Reply, ok};
use crate::idempotency::{Done, check_key};
use crate::rate::HEAVY;

pub(crate) async fn list(caller: Caller) -> Reply {
    let page = caller.query()?.page()?;
    let read = caller.read("list_agents", move |snapshot, _| {
        list_agents(snapshot, page)
    });
    Ok(caller.page(&read.await?, |agent| Agent::from(agent)))
}

pub(crate) async fn show(caller: Caller) -> Reply {
    let id = caller.id("agent_id")?;
    let read = caller.read("show_agent", move |snapshot, _| show_agent(snapshot, id));
    Ok(ok(&Agent::from(&read.await?)))
}

/// Hashing is slow: everything cheap is checked before, and no transaction waits for it.
pub(crate) async fn create(Administrator(caller): Administrator, body: Body) -> Reply {
    let sent = body.other().await?;
    let request: request::CreateAgent = sent.json()?;
    let new = request.check(&caller.cx.limits)?;
    check_key(&caller.request)?;
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
    let posted = caller.post("create_agent", &sent, move |uow, cx| {
        let agent = create_agent(uow, Some(&cx.actor), &command, (cx.now, &cx.limits))?;
        Ok::<_, CreateAgentError>(Done::Body(json(&Agent::from(&agent))))
    });
    Ok(posted.await?.respond())
}

pub(crate) async fn update(Administrator(caller): Administrator, body: Body) -> Reply {
    let id = caller.id("agent_id")?;
    let request: request::UpdateAgent = body.other().await?.json()?;
    let command = request.command(id)?;
    let write = caller.write("update_agent", move |uow, cx| {
        update_agent(uow, Some(&cx.actor), &command, (cx.now, &cx.limits))
    });
    let agent = write.await?;
    caller.shared.actors.clear();
    Ok(ok(&Agent::from(&agent)))
}

pub(crate) async fn delete(Administrator(caller): Administrator) -> Reply {
    let id = caller.id("agent_id")?;
    let write = caller.write("delete_agent", move |uow, cx| delete_agent(uow, cx, id));
    let agent = write.await?;
    caller.shared.actors.clear();
    Ok(ok(&Agent::from(&agent)))
}
