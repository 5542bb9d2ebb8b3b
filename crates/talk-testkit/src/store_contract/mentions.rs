//! Mentions are rows of their message, counted without reading its text.

use talk_domain::kernel::id::ChatId;
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::message::delete::delete_message;
use talk_domain::talk::message::edit::{EditMessage, edit_message};
use talk_domain::talk::model::chat::ChatKind;
use talk_domain::testing::{agent_id, at};

use super::Factory;
use super::world::{World, other_customer};

/// How many messages mention agents 1 to 4.
async fn mentions(world: &World, chat: ChatId) -> [u32; 4] {
    world
        .read(move |snapshot| {
            let mut counts = [0; 4];
            for (agent, count) in (1..).zip(&mut counts) {
                *count = snapshot.reads().mentions(chat, agent_id(agent), at(0))?;
            }
            Ok(counts)
        })
        .await
}

/// Case 41: also after edits and deletions, and only participants.
pub async fn mentions_follow_their_message(factory: Factory) {
    let world = World::open(factory).await;
    let chat = world.chat(ChatKind::Group, 1, &[2, 3]).await.id;
    let elsewhere = world.chat(ChatKind::Group, 1, &[2, 4]).await.id;
    assert_eq!(mentions(&world, chat).await, [0; 4]);
    let first = world
        .post(1, chat, "@agent-1 @Agent-2, ＠AGENT-3 @agent-4")
        .await
        .id;
    let second = world.post(2, chat, "@agent-1님 @agent-3 @agent-3").await;
    assert_eq!(mentions(&world, chat).await, [1, 1, 2, 0]);
    assert_eq!(mentions(&world, elsewhere).await, [0; 4]);
    let cx = world.cx(1);
    let command = EditMessage {
        message: first,
        text: Some("only @agent-2".into()),
        medias: None,
    };
    world
        .write(move |uow| edit_message(uow, &cx, &command))
        .await
        .unwrap();
    assert_eq!(mentions(&world, chat).await, [1, 1, 1, 0]);
    let after = second.created;
    let later = world
        .read(move |snapshot| snapshot.reads().mentions(chat, agent_id(3), after))
        .await;
    assert_eq!(later, 0, "the message of this time is read");
    let cx = world.cx(1);
    world
        .write(move |uow| delete_message(uow, &cx, first))
        .await
        .unwrap();
    assert_eq!(mentions(&world, chat).await, [1, 0, 1, 0]);
}

/// Case 71: usernames are compared without case, and another customer's are not found.
pub async fn participants_are_named_without_case(factory: Factory) {
    let world = World::open(factory).await;
    let chat = world.chat(ChatKind::Group, 1, &[2]).await.id;
    let names = ["agent-1", "agent-2", "agent-3", "agent-21", "nobody"];
    let find = move |uow: &mut dyn talk_domain::talk::unit::TalkUnit| {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        let mut found = uow.mentions().participants_named(chat, &names)?;
        found.sort();
        Ok::<_, StoreError>(found)
    };
    let expected = [1, 2].map(|n| (format!("agent-{n}"), agent_id(n)));
    assert_eq!(world.write(find).await.unwrap(), expected);
    let strangers = world.write_as(other_customer(), find).await;
    assert_eq!(strangers.unwrap(), []);
    let backlog = world.read(|snapshot| {
        let bound = talk_domain::kernel::cleanup::Bound::STEP;
        snapshot.mentions().backlog(bound)
    });
    assert_eq!(backlog.await, None, "a new store has no messages of before");
}
