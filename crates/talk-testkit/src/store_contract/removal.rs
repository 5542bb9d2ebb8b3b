//! Deleted chats that are removed for good, in steps.

use talk_domain::kernel::cleanup::Bound;
use talk_domain::kernel::id::{ChatId, MessageId};
use talk_domain::kernel::live::{Ended, Resume, Scope};
use talk_domain::kernel::log::Portion;
use talk_domain::talk::chat::delete::delete_chat;
use talk_domain::talk::chat::remove::remove_chat;
use talk_domain::talk::live::subscribe::find_starts;
use talk_domain::talk::model::chat::{CHAT, ChatKind};
use talk_domain::talk::model::retention::Step;
use talk_domain::talk::read::mark::{MarkRead, mark_read};
use talk_domain::testing::{actor, agent_id};

use super::Factory;
use super::paging::first;
use super::retention::change_much;
use super::world::{World, other_customer};

/// Posts a message with everything that a message can have, more than one step removes.
async fn say_much(world: &World, chat: ChatId) -> MessageId {
    let said = world.post(1, chat, "@agent-2 secret").await;
    change_much(world, said.id).await;
    for n in 0..Bound::TEXTS.rows {
        let text = format!("secret answer {n}");
        world.reply(2, chat, &text, Some(&said)).await;
    }
    let cx = world.cx(2);
    let seq = said.seq;
    let command = MarkRead { chat, seq };
    let marked = world.write(move |uow| mark_read(uow, &cx, &command));
    marked.await.unwrap();
    said.id
}

/// Removes the next rows of a chat. Returns whether there is more.
async fn step(world: &World, chat: ChatId) -> bool {
    let step = world.write(move |uow| remove_chat(uow, chat));
    step.await.unwrap().is_more
}

/// RUN-18: nothing of a removed chat is left, and others are as they were.
pub async fn a_removed_chat_leaves_nothing(factory: Factory) {
    let world = World::open(factory).await;
    let others: Vec<u128> = (2..=12).collect();
    let chat = world.chat(ChatKind::Group, 1, &others).await.id;
    let kept = world.chat(ChatKind::Group, 1, &others).await.id;
    let (gone, stays) = (say_much(&world, chat).await, say_much(&world, kept).await);
    let before = world.log(kept).await;
    assert!(!step(&world, chat).await, "it is not deleted");
    assert_eq!(world.members(chat).await.len(), 12);
    let cx = world.cx(1);
    let deleted = world.write(move |uow| delete_chat(uow, &cx, chat));
    let deleted = deleted.await.unwrap();
    let strangers = world.write_as(other_customer(), move |uow| remove_chat(uow, chat));
    assert_eq!(strangers.await.unwrap(), Step::default());
    assert_eq!(world.stored(chat).await, deleted);

    let mut steps = 1;
    while step(&world, chat).await {
        steps += 1;
        let stored = world.stored(chat).await;
        let log = world.log(chat).await;
        let first = log.first().map_or(stored.last.seq, |event| event.seq - 1);
        assert_eq!(
            stored.log_start, first,
            "the chat knows where its log begins"
        );
    }
    assert!(steps > 4, "{steps} steps");
    assert!(!step(&world, chat).await);
    let (card, log, message, versions, left) = world
        .read(move |snapshot| {
            Ok((
                snapshot.chats().get(chat)?,
                snapshot
                    .events()
                    .after(chat.into(), Portion::new(0, 9))?
                    .events,
                snapshot.messages().get(gone)?,
                snapshot.messages().revisions(gone, first(9))?.rows,
                snapshot.participants().left(chat, agent_id(2))?,
            ))
        })
        .await;
    assert_eq!((card, log, message), (None, vec![], None));
    assert_eq!((versions, left), (vec![], None));

    assert_eq!(world.log(kept).await, before);
    let message = world.read(move |snapshot| snapshot.messages().get(stays));
    let message = message.await.unwrap();
    assert_eq!((message.reactions.len(), message.reply_count), (1, 64));
    let mentions = world.read(move |snapshot| {
        let reads = snapshot.reads();
        reads.mentions(kept, agent_id(2), talk_domain::testing::at(0))
    });
    assert_eq!(mentions.await, 1);
}

/// RUN-18: nobody resumes in a chat of which a part is removed.
pub async fn a_chat_that_is_being_removed_is_followed_by_nobody(factory: Factory) {
    let world = World::open(factory).await;
    let chat = world.chat(ChatKind::Group, 1, &[2]).await.id;
    say_much(&world, chat).await;
    let cx = world.cx(1);
    let deleted = world.write(move |uow| delete_chat(uow, &cx, chat));
    deleted.await.unwrap();
    let ended = async || {
        let resume = Resume {
            epoch: String::new(),
            since: [(chat.into(), 3)].into(),
        };
        let scope = Scope {
            realms: [CHAT].into(),
            ..Scope::default()
        };
        let found = world.read(move |snapshot| {
            let found = find_starts(snapshot, actor(agent_id(2)), &scope, &resume, true)?;
            Ok((found.streams.len(), found.ended))
        });
        found.await
    };
    assert_eq!(ended().await, (1, vec![]), "it ended with its deletion");
    while step(&world, chat).await {
        let end = (chat.into(), Ended::NotAParticipant, 3);
        assert_eq!(ended().await, (0, vec![end]));
    }
}
