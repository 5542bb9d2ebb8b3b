//! Deletions that are cleaned up in steps: readers see none of the deleted data from the start.

use talk_domain::kernel::cleanup::{Bound, Cleanup, Deleted};
use talk_domain::kernel::id::{AgentId, ChatId, MessageId};
use talk_domain::kernel::needle::Needle;
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::cleanup::run_step::run_step;
use talk_domain::talk::message::delete::delete_message;
use talk_domain::talk::message::edit::{EditMessage, edit_message};
use talk_domain::talk::model::chat::{Chat, ChatFilter, ChatKind};
use talk_domain::talk::model::event::Event;
use talk_domain::talk::model::needle::MessageSearch;
use talk_domain::testing::{agent_id, customer_id};

use super::Factory;
use super::paging::first;
use super::world::{World, other_customer};

/// Returns the first cleanup after number `last`, and checks that the other ways of reading it
/// agree.
async fn next(world: &World, last: Option<Deleted>) -> Option<Cleanup> {
    let next = world
        .read(move |snapshot| snapshot.cleanups().after(last))
        .await;
    let strangers = world.read_as(other_customer(), move |snapshot| {
        snapshot.cleanups().after(last)
    });
    assert_eq!(strangers.await, next);
    next
}

/// Runs cleanups until none is left, and returns the number of steps.
async fn clean_up(world: &World) -> usize {
    let mut steps = 0;
    while let Some(cleanup) = next(world, None).await {
        assert_eq!(cleanup.customer, customer_id());
        let cx = world.cx(1);
        world
            .write(move |uow| run_step(uow, &cx, &cleanup))
            .await
            .unwrap();
        steps += 1;
    }
    steps
}

async fn edit(world: &World, message: MessageId, text: String) {
    let cx = world.cx(1);
    let command = EditMessage {
        message,
        text: Some(text),
        medias: None,
    };
    world
        .write(move |uow| edit_message(uow, &cx, &command))
        .await
        .unwrap();
}

/// Case 42: however often a message was changed, no read shows its text once it is deleted, before,
/// between and after the steps.
pub async fn a_much_changed_message_is_gone_at_once(factory: Factory) {
    let world = World::open(factory).await;
    let chat = world.chat(ChatKind::Group, 1, &[2]).await.id;
    let other = world.post(1, chat, "stays").await;
    let message = world.post(1, chat, "secret").await.id;
    // Two steps by number of rows, and one more by bytes.
    for n in 0..2 * Bound::STEP.rows {
        edit(&world, message, format!("secret {n}")).await;
    }
    for n in 0..80 {
        let long = "secret ".repeat(2_200);
        edit(&world, message, format!("{long} {n}")).await;
    }
    edit(&world, other.id, "stays too".into()).await;
    let before = world.log(chat).await;
    let cx = world.cx(1);
    world
        .write(move |uow| delete_message(uow, &cx, message))
        .await
        .unwrap();

    let shown = world.log(chat).await;
    assert_eq!(shown.len(), before.len() + 1);
    for (was, is) in before.iter().zip(&shown) {
        assert_eq!(
            (was.seq, &was.kind, was.subject),
            (is.seq, &is.kind, is.subject)
        );
        if was.subject == message.0 {
            assert!(is.payload.ends_with("(gone)"), "{}", is.payload);
            let (seq, single) = (is.seq, is.clone());
            let read = world.read(move |snapshot| snapshot.events().get(chat.into(), seq));
            assert_eq!(read.await, Some(single));
        } else {
            assert_eq!(was, is);
        }
    }
    let cleanup = next(&world, None).await.unwrap();
    assert_eq!(cleanup.deleted, Deleted::Message { id: message, chat });
    assert_eq!(next(&world, Some(cleanup.deleted)).await, None);
    let cx = world.cx(1);
    let step = move |uow: &mut dyn talk_domain::talk::unit::TalkUnit| run_step(uow, &cx, &cleanup);
    world.write(step).await.unwrap();
    assert_eq!(world.log(chat).await, shown);
    assert!(clean_up(&world).await > 2);
    assert_eq!(world.log(chat).await, shown);
    let versions = world
        .read(move |snapshot| snapshot.messages().revisions(message, first(10)))
        .await;
    assert_eq!(versions.rows, []);
    let kept = world
        .read(move |snapshot| snapshot.messages().revisions(other.id, first(10)))
        .await;
    assert_eq!(kept.rows.len(), 1);
}

/// Deletes a chat as if it were too large for one unit: two memberships are left behind.
async fn delete_chat_leaving_two(world: &World, id: ChatId) -> Chat {
    let cx = world.cx(1);
    world
        .write(move |uow| {
            let mut chat = uow.chats().lock(id)?.unwrap();
            let tick = chat.tick(cx.now);
            let limit = chat.member_count - 2;
            assert!(uow.participants().remove_some(id, tick, limit)?);
            uow.cleanups().add(Deleted::Chat(id))?;
            (chat.member_count, chat.updated, chat.deleted) = (0, tick.at, Some(tick.at));
            let entry = Event::ChatDeleted(&chat).entry("".into());
            uow.events()
                .append(id.into(), tick, Some(cx.actor.agent), entry)?;
            uow.chats().update(&chat)?;
            Ok::<_, StoreError>(chat)
        })
        .await
        .unwrap()
}

/// Checks that `agent` sees `kept` and the message said there, and no other chat.
async fn sees_only(world: &World, agent: AgentId, (kept, said): (ChatId, MessageId)) {
    let search = MessageSearch {
        needle: Needle::parse("q", "secret").unwrap(),
        chat: None,
        author: None,
        after: None,
        before: None,
    };
    let (heads, chats, messages, found) = world
        .read(move |snapshot| {
            let heads = snapshot.participants().logs(agent)?;
            let chats = snapshot.chats();
            let chats = chats.of_agent(agent, ChatFilter::default(), first(9))?;
            let messages = snapshot.messages();
            let said = messages.of_agent(agent, first(9))?.rows;
            let found = messages.search(agent, &search, first(9))?.rows;
            Ok((heads, chats.rows.len(), said, found))
        })
        .await;
    let heads: Vec<_> = heads.into_iter().map(|log| log.chat).collect();
    assert_eq!((heads, chats), (vec![kept], 1));
    for messages in [messages, found] {
        let ids: Vec<_> = messages.iter().map(|message| message.id).collect();
        assert_eq!(ids, [said]);
    }
    let chats = world.write(move |uow| uow.participants().some_chats_of(agent, 9));
    assert_eq!(chats.await.unwrap(), [kept]);
}

/// Checks that the agent's membership of the deleted chat ended with the chat.
async fn has_left(world: &World, agent: AgentId, deleted: &Chat) {
    let (chat, end) = (deleted.id, Some(deleted.last.seq));
    let found = world
        .read(move |snapshot| {
            let members = snapshot.participants();
            Ok((members.find(chat, agent)?, members.left(chat, agent)?))
        })
        .await;
    assert_eq!(found, (None, end));
    let found = world
        .write(move |uow| {
            let members = uow.participants();
            Ok::<_, StoreError>((members.find(chat, agent)?, members.left(chat, agent)?))
        })
        .await;
    assert_eq!(found.unwrap(), (None, end));
}

/// Case 42: an agent whose membership of a deleted chat is not removed yet sees nothing of the
/// chat.
pub async fn a_large_chat_is_gone_at_once(factory: Factory) {
    let world = World::open(factory).await;
    let kept = world.chat(ChatKind::Group, 1, &[2, 3, 4]).await.id;
    let chat = world.chat(ChatKind::Group, 1, &[2, 3, 4, 5]).await.id;
    let said = world.post(1, kept, "secret").await.id;
    world.post(1, chat, "secret").await;
    let deleted = delete_chat_leaving_two(&world, chat).await;
    for left in [2, 0] {
        let page = world.read(move |snapshot| snapshot.participants().page(chat, first(9)));
        assert_eq!(page.await.rows.len(), left);
        for agent in (1..=4).map(agent_id) {
            sees_only(&world, agent, (kept, said)).await;
        }
        for agent in (1..=5).map(agent_id) {
            has_left(&world, agent, &deleted).await;
        }
        clean_up(&world).await;
    }
    let stored = world.stored(chat).await;
    assert_eq!(stored, deleted, "cleaning up is no event");
    assert_eq!(world.members(kept).await.len(), 4);
}

/// Case 42: only a unit of its customer finishes a cleanup, and cleanups take turns.
pub async fn cleanups_are_read_in_order_and_finished_once(factory: Factory) {
    let world = World::open(factory).await;
    assert_eq!(next(&world, None).await, None);
    let chats = [
        world.chat(ChatKind::Group, 1, &[2]).await.id,
        world.chat(ChatKind::Group, 1, &[3]).await.id,
    ];
    let (id, by) = (agent_id(2), agent_id(1));
    let all = [
        Deleted::Chat(chats[0]),
        Deleted::Agent { id, by },
        Deleted::Chat(chats[1]),
    ];
    world
        .write(move |uow| {
            all.iter()
                .try_for_each(|deleted| uow.cleanups().add(*deleted))
        })
        .await
        .unwrap();
    let (mut found, mut last) = (Vec::new(), None);
    while let Some(cleanup) = next(&world, last).await {
        found.push(cleanup.deleted);
        last = Some(cleanup.deleted);
    }
    assert_eq!(found.len(), all.len());
    assert!(all.iter().all(|deleted| found.contains(deleted)));
    let (before, last) = (Some(found[1]), found[2]);
    world
        .write_as(other_customer(), move |uow| uow.cleanups().finish(last))
        .await
        .unwrap();
    assert_eq!(next(&world, before).await.unwrap().deleted, last);
    for _ in 0..2 {
        world
            .write(move |uow| uow.cleanups().finish(last))
            .await
            .unwrap();
    }
    assert_eq!(next(&world, before).await, None);
    assert_eq!(next(&world, None).await.unwrap().deleted, found[0]);
    // Its turn is known even when it is finished.
    let first = found[0];
    let finish = world.write(move |uow| uow.cleanups().finish(first));
    finish.await.unwrap();
    assert_eq!(next(&world, Some(first)).await.unwrap().deleted, found[1]);
}

/// The progress of a cleanup is stored, and a cleanup that is added again keeps it.
pub async fn a_cleanup_goes_on_where_it_stopped(factory: Factory) {
    let world = World::open(factory).await;
    let chat = world.chat(ChatKind::Group, 1, &[2]).await.id;
    for n in 0..5 {
        world.post(1, chat, &format!("{n}")).await;
    }
    let deleted = Deleted::Author(agent_id(2));
    let left = || world.read(move |snapshot| snapshot.cleanups().left(deleted));
    assert_eq!(left().await, None);
    let add = || world.write(move |uow| uow.cleanups().add(deleted));
    add().await.unwrap();
    let all = left().await.unwrap();
    let position = || async { next(&world, None).await.unwrap().position };
    assert_eq!(position().await, 0);
    let foreign = world.write_as(other_customer(), move |uow| {
        uow.cleanups().advance(deleted, 4)
    });
    foreign.await.unwrap();
    assert_eq!(left().await, Some(all));
    world
        .write(move |uow| uow.cleanups().advance(deleted, 3))
        .await
        .unwrap();
    add().await.unwrap();
    assert_eq!(position().await, 3);
    assert_eq!(left().await, Some(all - 3));
    world
        .write(move |uow| uow.cleanups().finish(deleted))
        .await
        .unwrap();
    assert_eq!(left().await, None);
}
