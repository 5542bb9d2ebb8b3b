//! Usernames, and admins of a customer.

use std::collections::BTreeSet;

use talk_domain::identity::agent::{Agent, AgentStatus, PasswordHash};
use talk_domain::kernel::context::Permission;
use talk_domain::testing::{agent_id, an_agent, at};

use super::Factory;
use super::world::{World, other_customer};

/// A username is taken, and logs in, in every case and Unicode form.
pub async fn a_username_is_one_name_in_every_case(factory: Factory) {
    let world = World::open(factory).await;
    for (n, username, is_free) in [
        (81, "Zoë", true),
        (82, "zoe\u{308}", false),
        (83, "ＺＯＥ\u{308}", false),
        (84, "zoe", true),
    ] {
        let agent = Agent {
            username: username.into(),
            ..an_agent(n)
        };
        let inserted =
            world.write(move |uow| uow.agents().insert(&agent, &PasswordHash("x".into())));
        assert_eq!(inserted.await.unwrap(), is_free, "{username}");
    }
    for (typed, found) in [
        ("Zoë", Some(81)),
        ("ZOË", Some(81)),
        ("zoe\u{308}", Some(81)),
        ("ZOE", Some(84)),
        ("zo", None),
    ] {
        let login = world.read(move |snapshot| snapshot.directory().login(typed));
        let login = login.await.map(|(agent, _)| agent.id);
        assert_eq!(login, found.map(agent_id), "{typed}");
    }
    let colliding = world.read(|snapshot| snapshot.directory().colliding_agents(9));
    assert!(colliding.await.is_empty());
}

/// Only active admins and managers of the same customer count.
pub async fn other_administrators_are_found(factory: Factory) {
    let world = World::open(factory).await;
    let admin = |n, permission| Agent {
        permission,
        ..an_agent(n)
    };
    let other = Agent {
        customer: other_customer(),
        ..admin(90, Permission::Admin)
    };
    let foreign = world.write_as(other_customer(), move |uow| {
        uow.agents().insert(&other, &PasswordHash("x".into()))
    });
    foreign.await.unwrap();
    let add = |agent: Agent| {
        world.write(move |uow| uow.agents().insert(&agent, &PasswordHash("x".into())))
    };
    let has_other = || world.write(|uow| uow.agents().has_other_administrator(agent_id(91)));
    add(admin(91, Permission::Admin)).await.unwrap();
    for useless in [
        Agent {
            status: AgentStatus::Disabled,
            ..admin(92, Permission::Admin)
        },
        Agent {
            deleted: Some(at(1)),
            ..admin(93, Permission::Manager)
        },
        admin(94, Permission::Agent),
    ] {
        add(useless).await.unwrap();
        assert!(!has_other().await.unwrap());
    }
    add(admin(95, Permission::Manager)).await.unwrap();
    assert!(has_other().await.unwrap());
    let all = world.read(|snapshot| snapshot.agents().administrators(9));
    let all: BTreeSet<_> = all.await.into_iter().collect();
    assert_eq!(all, BTreeSet::from([agent_id(91), agent_id(95)]));
    let one = world.read(|snapshot| snapshot.agents().administrators(1));
    assert_eq!(one.await.len(), 1);
}
