//! Read marks and unread counts.

use talk_domain::kernel::id::ChatId;
use talk_domain::kernel::page::Order;
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::stream::Tick;
use talk_domain::talk::message::delete::delete_message;
use talk_domain::talk::model::chat::ChatKind;
use talk_domain::talk::model::event::EventKind;
use talk_domain::talk::model::read::ReadMark;
use talk_domain::talk::participant::remove::{RemoveParticipant, remove_participant};
use talk_domain::talk::read::mark::{MarkRead, mark_read};
use talk_domain::testing::{agent_id, at, customer_id};

use super::Factory;
use super::paging::first;
use super::world::{World, other_customer};

async fn read(world: &World, agent: u128, chat: ChatId, seq: u64) {
    let cx = world.cx(agent);
    let command = MarkRead { chat, seq };
    world
        .write(move |uow| mark_read(uow, &cx, &command))
        .await
        .unwrap();
}

/// Unread messages of agent 2, and how many of them mention it.
async fn unread(world: &World, chat: ChatId) -> (u32, u32) {
    world
        .read(move |snapshot| {
            let joined = snapshot.participants().find(chat, agent_id(2))?;
            let mark = snapshot.reads().mark(chat, agent_id(2))?;
            let after = mark.map_or(joined.unwrap().joined, |mark| mark.place.at);
            let reads = snapshot.reads();
            let mentions = reads.mentions(chat, agent_id(2), after)?;
            Ok((reads.unread(chat, agent_id(2), after)?, mentions))
        })
        .await
}

/// Messages of others count until they are read or deleted; one's own and the system's do not.
pub async fn what_was_read_is_not_unread(factory: Factory) {
    let world = World::open(factory).await;
    let chat = world.chat(ChatKind::Group, 1, &[2]).await.id;
    assert_eq!(unread(&world, chat).await, (0, 0));
    let first = world.post(1, chat, "one").await;
    let second = world.post(1, chat, "two for @agent-2").await;
    world.post(2, chat, "mine for @agent-2").await;
    assert_eq!(unread(&world, chat).await, (2, 1));
    read(&world, 2, chat, first.seq).await;
    assert_eq!(unread(&world, chat).await, (1, 1));
    let cx = world.cx(1);
    world
        .write(move |uow| delete_message(uow, &cx, second.id))
        .await
        .unwrap();
    assert_eq!(unread(&world, chat).await, (0, 0));
}

/// An agent that comes back has no read mark.
pub async fn a_mark_ends_with_its_membership(factory: Factory) {
    let world = World::open(factory).await;
    let chat = world.chat(ChatKind::Group, 1, &[2]).await.id;
    let said = world.post(1, chat, "one").await;
    read(&world, 2, chat, said.seq).await;
    let readers = world
        .read(move |snapshot| snapshot.reads().readers(chat, said.seq, first(10)))
        .await;
    let agents: Vec<_> = readers.rows.iter().map(|mark| mark.agent).collect();
    assert_eq!(agents, [agent_id(2)]);
    let later = world
        .read(move |snapshot| snapshot.reads().readers(chat, said.seq + 1, first(10)))
        .await;
    assert!(later.rows.is_empty());
    let cx = world.cx(2);
    world
        .write(move |uow| {
            let member = uow.participants().find(chat, agent_id(2))?.unwrap();
            let participant = member.id;
            remove_participant(uow, &cx, &RemoveParticipant { chat, participant })
        })
        .await
        .unwrap();
    let mark = world
        .read(move |snapshot| snapshot.reads().mark(chat, agent_id(2)))
        .await;
    assert_eq!(mark, None);
}

/// A reader whose mark moves between two pages is on exactly one of them.
pub async fn readers_page_exactly_while_they_read(factory: Factory) {
    let world = World::open(factory).await;
    let chat = world.chat(ChatKind::Group, 1, &[2, 3]).await.id;
    let said = world.post(1, chat, "one").await.seq;
    for agent in 1..=3 {
        read(&world, agent, chat, said).await;
    }
    for order in [Order::Ascending, Order::Descending] {
        let (mut request, mut seen) = (first(1), Vec::new());
        request.order = order;
        // More pages than readers, so that a repeated reader would be seen.
        for _ in 0..6 {
            let page = world
                .read(move |snapshot| snapshot.reads().readers(chat, said, request))
                .await;
            seen.extend(page.rows.iter().map(|mark| mark.agent));
            let Some(next) = page.next else { break };
            request.after = Some(next);
            let later = world.post(1, chat, "more").await.seq;
            for agent in 1..=3 {
                read(&world, agent, chat, later).await;
            }
        }
        seen.sort_unstable();
        assert_eq!(seen, [1, 2, 3].map(agent_id));
    }
}

/// A mark is at the last message, whatever other events came after it.
pub async fn a_mark_is_at_a_message(factory: Factory) {
    let world = World::open(factory).await;
    let chat = world.chat(ChatKind::Group, 1, &[2]).await.id;
    for text in ["one", "two"] {
        let said = world.post(1, chat, text).await.seq;
        read(&world, 2, chat, said).await;
    }
    let mut last = None;
    for event in world.log(chat).await.iter().skip(1) {
        if event.kind == EventKind::MessagePosted {
            last = Some(event.seq);
        }
        let place = event.seq;
        let found = world.write(move |uow| uow.read_marks().last_message(chat, place));
        assert_eq!(found.await.unwrap().map(|tick| tick.seq), last);
    }
}

/// Another customer neither sees nor writes them.
pub async fn marks_stay_in_their_customer(factory: Factory) {
    let world = World::open(factory).await;
    let chat = world.chat(ChatKind::Group, 1, &[2]).await.id;
    let said = world.post(1, chat, "one").await;
    read(&world, 2, chat, said.seq).await;
    world.post(1, chat, "two for @agent-2").await;
    let seen = world
        .read_as(other_customer(), move |snapshot| {
            let reads = snapshot.reads();
            Ok((
                reads.mark(chat, agent_id(2))?,
                reads.unread(chat, agent_id(2), at(0))?,
                reads.mentions(chat, agent_id(2), at(0))?,
                reads.readers(chat, 0, first(10))?.rows,
            ))
        })
        .await;
    assert_eq!(seen, (None, 0, 0, vec![]));
    let last = world
        .write_as(other_customer(), move |uow| {
            uow.read_marks().last_message(chat, u64::from(u32::MAX))
        })
        .await;
    assert_eq!(last.unwrap(), None);
    let forged = world
        .write_as(other_customer(), move |uow| {
            uow.read_marks().put(&ReadMark {
                customer: customer_id(),
                chat,
                agent: agent_id(3),
                place: Tick { seq: 1, at: at(1) },
                updated: at(1),
            })
        })
        .await;
    assert!(matches!(forged, Err(StoreError::Corrupt(_))));
}
