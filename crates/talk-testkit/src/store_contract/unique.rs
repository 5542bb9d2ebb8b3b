//! Uniqueness of reactions by key, and of the direct chat of a pair.

use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::chat::delete::delete_chat;
use talk_domain::talk::model::chat::{Chat, ChatKind};
use talk_domain::talk::model::emoji::Emoji;
use talk_domain::talk::model::reaction::Reaction;
use talk_domain::testing::{a_message, agent_id, at, chat_id, message_id};

use super::Factory;
use super::world::World;

/// Case 16: no collation makes two emoji one.
pub async fn emoji_keys_are_compared_byte_by_byte(factory: Factory) {
    let world = World::open(factory).await;
    world
        .write(|uow| uow.messages().insert(&a_message(1)))
        .await
        .unwrap();
    let shown = ["👍", "🎉", "👍🏽", "👍🏿", "shipit2", "Shipit2", "e", "é"];
    let reaction = |n: usize| Reaction {
        emoji: Emoji::stored(shown[n].to_owned(), shown[n].to_owned()),
        agent: agent_id(1),
        created: at(i64::try_from(n).unwrap()),
    };
    for n in 0..shown.len() {
        let reaction = reaction(n);
        world
            .write(move |uow| uow.reactions().insert(message_id(1), &reaction))
            .await
            .unwrap();
    }
    let read = || world.read(|snapshot| snapshot.messages().get(message_id(1)));
    let stored = read().await.unwrap().reactions;
    assert_eq!(stored, (0..shown.len()).map(reaction).collect::<Vec<_>>());

    let (twice, gone) = (reaction(0), reaction(4));
    let refused = world.write(move |uow| uow.reactions().insert(message_id(1), &twice));
    assert!(matches!(refused.await, Err(StoreError::Corrupt(_))));
    for _ in 0..2 {
        let gone = gone.clone();
        world
            .write(move |uow| uow.reactions().remove(message_id(1), &gone))
            .await
            .unwrap();
    }
    assert_eq!(read().await.unwrap().reactions.len(), shown.len() - 1);
}

/// After a delete the pair may have a new chat, and only one.
pub async fn a_deleted_chat_frees_its_pair(factory: Factory) {
    let world = World::open(factory).await;
    let first = world.chat(ChatKind::Direct, 1, &[2]).await;
    assert_eq!(world.chat(ChatKind::Direct, 2, &[1]).await.id, first.id);
    let twin = Chat {
        id: chat_id(5),
        ..first.clone()
    };
    let refused = world.write(move |uow| {
        let inserted = uow.chats().insert(&twin)?;
        Ok::<_, StoreError>((inserted, uow.chats().lock(twin.id)?))
    });
    assert_eq!(refused.await.unwrap(), (false, None));
    let cx = world.cx(1);
    world
        .write(move |uow| delete_chat(uow, &cx, first.id))
        .await
        .unwrap();
    let second = world.chat(ChatKind::Direct, 1, &[2]).await;
    assert_ne!(second.id, first.id);
    assert_eq!(world.stored(first.id).await.member_count, 0);
    assert!(world.members(first.id).await.is_empty());
}
