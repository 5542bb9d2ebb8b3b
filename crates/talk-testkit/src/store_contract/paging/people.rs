//! Lists of agents and of their keys.

use talk_domain::identity::access_key::AccessKey;
use talk_domain::identity::agent::{Agent, PasswordHash};
use talk_domain::kernel::id::AccessKeyId;
use talk_domain::kernel::time::Timestamp;
use talk_domain::testing::{agent_id, an_agent, at, customer_id};
use uuid::Uuid;

use super::{fresh, instant, passed, walks_exactly};
use crate::store_contract::Factory;
use crate::store_contract::world::{AGENTS, World};

/// See the module.
pub async fn agents_page_exactly(factory: Factory) {
    let world = &World::open(factory).await;
    let agent = |id: Uuid, created| Agent {
        id: id.into(),
        username: id.to_string(),
        created,
        ..an_agent(1)
    };
    let add = |agent: Agent| {
        world.write(move |uow| {
            let hash = PasswordHash("hash".into());
            uow.agents().insert(&agent, &hash).map(drop)
        })
    };
    let mut rows: Vec<Agent> = (1..=AGENTS).map(an_agent).collect();
    for n in 0..11 {
        let row = agent(Uuid::from_u128(500 - n), instant(n));
        add(row.clone()).await.unwrap();
        rows.push(row);
    }
    let mut deleted = agent(fresh(), at(5));
    deleted.deleted = Some(at(6));
    add(deleted).await.unwrap();
    let page = |request| world.read(move |snapshot| snapshot.agents().page(request));
    let insert = |order| async move { add(agent(fresh(), passed(order))).await.unwrap() };
    walks_exactly(rows, |agent| (agent.created, agent.id.0), page, insert).await;
}

fn some_key(id: Uuid, created: Timestamp) -> AccessKey {
    let mut hash = [0; 32];
    hash[..16].copy_from_slice(id.as_bytes());
    AccessKey {
        id: AccessKeyId(id),
        customer: customer_id(),
        agent: agent_id(1),
        name: "key".into(),
        detail: String::new(),
        hash,
        prefix: "vb_".into(),
        is_derived: false,
        expires: None,
        created,
        updated: created,
        deleted: None,
    }
}

/// See the module.
pub async fn access_keys_page_exactly(factory: Factory) {
    let world = &World::open(factory).await;
    let add = |key: AccessKey| world.write(move |uow| uow.keys().insert(&key));
    let rows: Vec<AccessKey> = (0..11)
        .map(|n| some_key(Uuid::from_u128(500 - n), instant(n)))
        .collect();
    for row in &rows {
        add(row.clone()).await.unwrap();
    }
    let mut deleted = some_key(fresh(), at(5));
    deleted.deleted = Some(at(6));
    add(deleted).await.unwrap();
    let mut others = some_key(fresh(), at(5));
    others.agent = agent_id(2);
    add(others).await.unwrap();
    let page = |request| world.read(move |snapshot| snapshot.keys().page(agent_id(1), request));
    let insert = |order| async move { add(some_key(fresh(), passed(order))).await.unwrap() };
    walks_exactly(rows, |key| (key.created, key.id.0), page, insert).await;
}
