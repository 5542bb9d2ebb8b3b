//! Agents, keys, revocations, session ends and stored answers.

use talk_domain::identity::access_key::AccessKey;
use talk_domain::identity::agent::{Agent, AgentStatus, PasswordHash};
use talk_domain::identity::customer::Customer;
use talk_domain::kernel::context::Permission;
use talk_domain::kernel::id::{AccessKeyId, CustomerId, TokenId};
use talk_domain::kernel::store::Unit;
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::chat::delete::delete_chat;
use talk_domain::talk::model::chat::ChatKind;
use talk_domain::talk::participant::remove::{RemoveParticipant, remove_participant};
use talk_domain::testing::{agent_id, an_agent, at, customer_id};
use uuid::Uuid;

use super::Factory;
use super::world::{World, other_customer};

/// A username is taken for every customer, also by a deleted agent; customers list by age.
pub async fn a_username_is_unique_over_the_installation(factory: Factory) {
    let world = World::open(factory).await;
    let twin = Agent {
        id: agent_id(77),
        customer: other_customer(),
        ..an_agent(1)
    };
    let taken = move |customer: CustomerId| {
        let twin = Agent {
            customer,
            ..twin.clone()
        };
        move |uow: &mut dyn talk_domain::talk::unit::TalkUnit| {
            let inserted = uow.agents().insert(&twin, &PasswordHash("x".into()))?;
            assert_eq!(uow.directory().agent(twin.id)?, None);
            Ok::<_, StoreError>(inserted)
        }
    };
    for customer in [customer_id(), other_customer()] {
        assert!(!world.write_as(customer, taken(customer)).await.unwrap());
    }
    let deleted = Agent {
        deleted: Some(at(1)),
        ..an_agent(1)
    };
    world
        .write(move |uow| uow.agents().update(&deleted))
        .await
        .unwrap();
    let again = world.write_as(other_customer(), taken(other_customer()));
    assert!(!again.await.unwrap());
    let login = world
        .read(|snapshot| snapshot.directory().login("agent-1"))
        .await;
    assert_eq!(login, None);

    let customers: Vec<Customer> = [(3_u128, 30), (2, 10), (1, 30)]
        .into_iter()
        .map(|(n, made)| Customer::new(CustomerId(Uuid::from_u128(n)), "Acme", at(made)).unwrap())
        .collect();
    let listed = world
        .store
        .write(Unit::installation("contract"), move |uow| {
            for customer in &customers {
                uow.customers().insert(customer)?;
            }
            uow.directory().customers()
        })
        .await
        .unwrap();
    let ids: Vec<u128> = listed.iter().map(|c| c.id.0.as_u128()).collect();
    assert_eq!(ids, [2, 1, 3]);
}

/// Every field is stored, the username stays, the password is replaced.
pub async fn an_agent_changes_but_for_its_username(factory: Factory) {
    let world = World::open(factory).await;
    let changed = Agent {
        name: "Alice".into(),
        detail: "hello".into(),
        permission: Permission::Manager,
        status: AgentStatus::Disabled,
        token_generation: 3,
        updated: at(9),
        ..an_agent(1)
    };
    let written = Agent {
        username: "mallory".into(),
        ..changed.clone()
    };
    let seen = world
        .write(move |uow| {
            uow.agents().update(&written)?;
            let new = PasswordHash("new".into());
            uow.agents().set_password(written.id, &new)?;
            assert_eq!(uow.agents().password(written.id)?, Some(new));
            uow.agents().get(written.id)
        })
        .await
        .unwrap();
    assert_eq!(seen, Some(changed.clone()));
    let login = world
        .read(|snapshot| snapshot.directory().login("agent-1"))
        .await;
    assert_eq!(login, Some((changed, PasswordHash("new".into()))));
}

/// A key is found by its hash alone, deleted or not.
pub async fn an_access_key_is_found_by_its_hash(factory: Factory) {
    let world = World::open(factory).await;
    let key = AccessKey {
        id: AccessKeyId(Uuid::from_u128(1)),
        customer: customer_id(),
        agent: agent_id(1),
        name: "key".into(),
        detail: "detail".into(),
        hash: [7; 32],
        prefix: "vb_abc".into(),
        is_derived: false,
        expires: Some(at(99)),
        created: at(1),
        updated: at(1),
        deleted: None,
    };
    let deleted = AccessKey {
        updated: at(2),
        deleted: Some(at(2)),
        ..key.clone()
    };
    for (n, state) in [key, deleted].into_iter().enumerate() {
        let written = state.clone();
        world
            .write(move |uow| match n {
                0 => uow.keys().insert(&written),
                _ => uow.keys().update(&written),
            })
            .await
            .unwrap();
        let found = world.read(|snapshot| snapshot.directory().key(&[7; 32]));
        assert_eq!(found.await, Some(state));
    }
    let none = world.read(|snapshot| snapshot.directory().key(&[8; 32]));
    assert_eq!(none.await, None);
}

/// A token may be revoked twice; revocations are kept until they end.
pub async fn a_revoked_token_is_forgotten_after_its_end(factory: Factory) {
    let world = World::open(factory).await;
    let token = TokenId(Uuid::from_u128(5));
    let is_revoked = || world.read(move |snapshot| snapshot.directory().is_revoked(token));
    assert!(!is_revoked().await);
    for _ in 0..2 {
        world
            .write(move |uow| uow.sessions().revoke(token, at(50)))
            .await
            .unwrap();
    }
    // A token is accepted for five seconds more.
    for (now, kept) in [(5_000_050, true), (5_000_051, false)] {
        world
            .store
            .write(Unit::installation("purge"), move |uow| {
                uow.sessions().purge(at(now), 10)
            })
            .await
            .unwrap();
        assert_eq!(is_revoked().await, kept);
    }
}

/// Session ends are read in order; purging old ones never reuses a number.
pub async fn session_ends_are_read_in_order(factory: Factory) {
    let world = World::open(factory).await;
    let end =
        |n| world.write(move |uow| uow.sessions().end(agent_id(n), at(n.try_into().unwrap())));
    let after = |number| {
        world.read(move |snapshot| {
            let directory = snapshot.directory();
            Ok((directory.last_end()?, directory.ends_after(number, 2)?))
        })
    };
    assert_eq!(after(0).await, (0, vec![]));
    for n in 1..=3 {
        end(n).await.unwrap();
    }
    assert_eq!(
        after(0).await,
        (3, vec![(1, agent_id(1)), (2, agent_id(2))])
    );
    assert_eq!(after(2).await, (3, vec![(3, agent_id(3))]));
    let much_later = at(2 * 60 * 60 * 1_000_000);
    let purged = world.write(move |uow| uow.sessions().purge(much_later, 10));
    purged.await.unwrap();
    assert_eq!(after(0).await, (0, vec![]));
    end(4).await.unwrap();
    assert_eq!(after(3).await, (4, vec![(4, agent_id(4))]));
}

/// Expired rows are purged in portions, so that no unit of work is long.
pub async fn ended_sessions_are_forgotten_in_portions(factory: Factory) {
    /// Three hours, in microseconds.
    const LATER: i64 = 3 * 60 * 60 * 1_000_000;
    let world = World::open(factory).await;
    world
        .write(|uow| {
            for n in 1..=5 {
                let expires = if n == 5 { LATER } else { 50 };
                uow.sessions()
                    .revoke(TokenId(Uuid::from_u128(n)), at(expires))?;
                uow.sessions().end(agent_id(n), at(1))?;
            }
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
    let much_later = at(2 * 60 * 60 * 1_000_000);
    let mut portions = Vec::new();
    while portions.last() != Some(&0) {
        let purge = world.write(move |uow| uow.sessions().purge(much_later, 3));
        portions.push(purge.await.unwrap());
    }
    assert_eq!(portions, [3, 3, 3, 0], "4 of 5 tokens and 5 ends");
    let kept = world.read(|snapshot| {
        let directory = snapshot.directory();
        let mut revoked = Vec::new();
        for n in 1..=5 {
            revoked.push(directory.is_revoked(TokenId(Uuid::from_u128(n)))?);
        }
        Ok((revoked, directory.ends_after(0, 10)?))
    });
    let (revoked, ends) = kept.await;
    assert_eq!(revoked, [false, false, false, false, true]);
    assert_eq!(ends, []);
}

/// Ended memberships are stored: of those who left, were removed with the chat, or came back.
pub async fn former_members_are_remembered(factory: Factory) {
    let world = World::open(factory).await;
    let chat = world.chat(ChatKind::Group, 1, &[2, 3]).await.id;
    for _ in 0..2 {
        let member = world
            .read(move |snapshot| snapshot.participants().find(chat, agent_id(2)))
            .await
            .unwrap();
        let command = RemoveParticipant {
            chat,
            participant: member.id,
        };
        let cx = world.cx(1);
        world
            .write(move |uow| remove_participant(uow, &cx, &command))
            .await
            .unwrap();
        let cx = world.cx(1);
        let command = talk_domain::talk::participant::add::AddParticipant {
            chat,
            agent: agent_id(2),
        };
        let back = world
            .write(move |uow| {
                talk_domain::talk::participant::add::add_participant(uow, &cx, &command)
            })
            .await
            .unwrap();
        assert_ne!(back.id, member.id);
    }
    let cx = world.cx(1);
    world
        .write(move |uow| delete_chat(uow, &cx, chat))
        .await
        .unwrap();
    let were = world
        .write(move |uow| {
            let members = uow.participants();
            (1..=4)
                .map(|n| Ok(members.left(chat, agent_id(n))?.is_some()))
                .collect::<Result<Vec<_>, StoreError>>()
        })
        .await
        .unwrap();
    assert_eq!(were, [true, true, true, false]);
}
