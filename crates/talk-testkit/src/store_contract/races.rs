//! Concurrent units have the effects of sequential ones.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use talk_domain::talk::chat::create::{CreateChat, create_chat};
use talk_domain::talk::chat::join::join_chat;
use talk_domain::talk::model::chat::ChatKind;
use talk_domain::talk::model::emoji::Emoji;
use talk_domain::talk::model::event::EventKind;
use talk_domain::talk::participant::remove::{
    RemoveParticipant, RemoveParticipantError, remove_participant,
};
use talk_domain::talk::reaction::add::{React, add_reaction};
use talk_domain::testing::agent_id;
use tokio::task::JoinSet;

use super::Factory;
use super::world::World;

/// A pair has one direct chat, whichever of the two creates it.
pub async fn fifty_requests_for_one_pair_make_one_chat(factory: Factory) {
    let world = World::open(factory).await;
    let mut tasks = JoinSet::new();
    for n in 0..50 {
        let world = Arc::clone(&world);
        tasks.spawn(async move {
            let (caller, other) = if n % 2 == 0 { (1, 2) } else { (2, 1) };
            let cx = world.cx(caller);
            let command = CreateChat {
                kind: ChatKind::Direct,
                name: String::new(),
                detail: String::new(),
                others: vec![agent_id(other)],
            };
            world
                .write(move |uow| create_chat(uow, &cx, &command))
                .await
                .unwrap()
        });
    }
    let chats = tasks.join_all().await;
    let ids: HashSet<_> = chats.iter().map(|chat| chat.id).collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(world.log(chats[0].id).await.len(), 3);
}

/// Case 8: a participant is removed once, with one event.
pub async fn one_of_many_removals_succeeds(factory: Factory) {
    let world = World::open(factory).await;
    let chat = world.chat(ChatKind::Group, 1, &[2, 3]).await.id;
    let membership = world
        .read(move |snapshot| snapshot.participants().find(chat, agent_id(2)))
        .await
        .unwrap();
    let mut tasks = JoinSet::new();
    for _ in 0..20 {
        let (world, cx) = (Arc::clone(&world), world.cx(1));
        let command = RemoveParticipant {
            chat,
            participant: membership.id,
        };
        tasks.spawn(async move {
            world
                .write(move |uow| remove_participant(uow, &cx, &command))
                .await
        });
    }
    let outcomes = tasks.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert!(outcomes.iter().all(|outcome| matches!(
        outcome,
        Ok(_) | Err(RemoveParticipantError::NoSuchParticipant)
    )));
    let log = world.log(chat).await;
    let left = log
        .iter()
        .filter(|event| event.kind == EventKind::ParticipantLeft);
    assert_eq!(left.count(), 1);
    assert_eq!(world.stored(chat).await.member_count, 2);
}

/// Every reaction is stored exactly once, also when it is sent twice.
pub async fn forty_reactions_at_once_are_all_there_once(factory: Factory) {
    let world = World::open(factory).await;
    let chat = world
        .chat(ChatKind::Group, 1, &[2, 3, 4, 5, 6, 7, 8])
        .await
        .id;
    let message = world.post(1, chat, "react!").await.id;
    let mut tasks = JoinSet::new();
    for agent in 1..=8 {
        for emoji in ["👍", "🎉", "❤️", "👀", "✅", "👍"] {
            let (world, cx) = (Arc::clone(&world), world.cx(agent));
            let emoji = Emoji::parse(emoji, 64).unwrap();
            let command = React { message, emoji };
            tasks.spawn(async move {
                let reacted = world
                    .write(move |uow| add_reaction(uow, &cx, &command))
                    .await;
                reacted.unwrap();
            });
        }
    }
    tasks.join_all().await;
    let stored = world
        .read(move |snapshot| snapshot.messages().get(message))
        .await
        .unwrap();
    let distinct: HashSet<_> = stored
        .reactions
        .iter()
        .map(|reaction| (reaction.agent, reaction.emoji.key().to_owned()))
        .collect();
    assert_eq!((stored.reactions.len(), distinct.len()), (40, 40));
    assert!(
        stored
            .reactions
            .is_sorted_by_key(|reaction| reaction.created)
    );
    let added = world.log(chat).await;
    let added = added
        .iter()
        .filter(|event| event.kind == EventKind::ReactionAdded);
    assert_eq!(added.count(), 40);
}

/// CHAT-16: whoever is added and removed meanwhile.
pub async fn the_member_count_is_the_number_of_members(factory: Factory) {
    let world = World::open(factory).await;
    let chat = world.chat(ChatKind::Talk, 1, &[]).await.id;
    let mut tasks = JoinSet::new();
    for agent in 2..=10 {
        let world = Arc::clone(&world);
        tasks.spawn(async move {
            for _ in 0..=agent {
                let cx = world.cx(agent);
                let joined = world.write(move |uow| join_chat(uow, &cx, chat)).await;
                let command = RemoveParticipant {
                    chat,
                    participant: joined.unwrap().id,
                };
                if agent % 2 == 0 {
                    let cx = world.cx(agent);
                    world
                        .write(move |uow| remove_participant(uow, &cx, &command))
                        .await
                        .unwrap();
                }
            }
        });
    }
    tasks.join_all().await;
    let members = world.members(chat).await;
    assert_eq!(members.len(), 5);
    assert_eq!(world.stored(chat).await.member_count, 5);
}

/// LOG-01 and LOG-03: the log of a chat has no gaps, its times rise, and the bell gets the events
/// in order.
pub async fn events_have_no_gaps_and_ring_in_order(factory: Factory) {
    let world = World::open(factory).await;
    let mut chats = vec![];
    for _ in 0..3 {
        chats.push(world.chat(ChatKind::Group, 1, &[2, 3]).await.id);
    }
    let mut tasks = JoinSet::new();
    for n in 0..90 {
        let (world, chat) = (Arc::clone(&world), chats[n % chats.len()]);
        tasks.spawn(async move { world.post(1 + n as u128 % 3, chat, "hello").await });
    }
    let posted = tasks.join_all().await;
    let mut heard: HashMap<_, Vec<_>> = HashMap::new();
    for event in world.bell.heard() {
        heard.entry(event.stream).or_default().push(event);
    }
    for chat in chats {
        let log = world.log(chat).await;
        let places: Vec<u64> = log.iter().map(|event| event.seq).collect();
        assert_eq!(places, (1..=34).collect::<Vec<_>>());
        assert_eq!(world.stored(chat).await.last.seq, 34);
        assert_eq!(heard[&chat.into()], log);
        let mut times: Vec<_> = posted.iter().filter(|m| m.chat == chat).collect();
        times.sort_by_key(|message| message.seq);
        assert!(times.is_sorted_by(|a, b| a.created < b.created));
    }
}
