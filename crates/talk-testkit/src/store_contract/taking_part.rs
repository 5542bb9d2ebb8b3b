//! Agents who take part in conversations: what they find, and what they have read.

use std::sync::Arc;

use conversation_domain::message::send::{SendError, SendMessage, send_message};
use conversation_domain::model::conversation::ConversationFilter;
use conversation_domain::model::participant::Participant;
use conversation_domain::model::read::ReadMark;
use talk_domain::kernel::id::{AgentId, ConversationId};
use talk_domain::kernel::page::{Order, PageRequest};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::testing::{admin_context, agent_id, customer_id};

use super::Factory;
use super::conversations::steps::{account, one, unit};
use super::world::World;

/// Makes 8 conversations. Agent 1 owns the first three, and takes part in the third to sixth.
async fn eight(world: &Arc<World>) -> Vec<ConversationId> {
    let account = account(world).await;
    let mut all = Vec::new();
    for n in 0..8 {
        let message = one(world, &account, n, &format!("event-{n}")).await;
        all.push(message.conversation);
    }
    let (cx, ids) = (world.cx(1), all.clone());
    let prepared = world
        .conversations
        .write::<_, StoreError>(unit(), move |uow| {
            for (n, id) in (0..).zip(&ids) {
                let mut conversation = uow.conversations().lock(*id)?.unwrap();
                conversation.owner = (n < 3).then(|| agent_id(1));
                conversation.participants = u32::from((2..6).contains(&n));
                uow.conversations().update(&conversation)?;
                if (2..6).contains(&n) {
                    uow.conversation_participants().insert(&Participant {
                        customer: customer_id(),
                        conversation: *id,
                        agent: agent_id(1),
                        added: cx.now,
                    })?;
                }
            }
            Ok((
                uow.conversations().owned_by(agent_id(1), 2)?.len(),
                uow.conversation_participants().of_agent(agent_id(1), 9)?,
                uow.conversation_participants().of(ids[2])?.len(),
            ))
        });
    assert_eq!(prepared.await.unwrap(), (2, all[2..6].to_vec(), 1));
    all
}

async fn page_by_page(world: &World, order: Order) -> Vec<ConversationId> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let filter = ConversationFilter {
            reader: Some(agent_id(1)),
            ..ConversationFilter::default()
        };
        let request = PageRequest {
            size: 2,
            after,
            order,
        };
        let page = world
            .conversations
            .read::<_, StoreError>(unit(), move |snapshot| {
                snapshot.conversations().page(&filter, request)
            });
        let page = page.await.unwrap();
        found.extend(page.rows.iter().map(|row| row.id));
        after = page.next;
        if after.is_none() {
            return found;
        }
    }
}

async fn heads(world: &World, reader: Option<AgentId>, limit: u32) -> Vec<(ConversationId, u64)> {
    let read = world
        .conversations
        .read::<_, StoreError>(unit(), move |snapshot| {
            snapshot.conversations().heads(reader, limit)
        });
    read.await.unwrap()
}

/// CONV-10 and CONV-15: an agent finds the conversations that it owns and those in which it takes part,
/// each once and in order, page by page.
pub async fn an_agent_finds_owned_and_joined_conversations(factory: Factory) {
    let world = World::open(factory).await;
    let all = eight(&world).await;
    let ascending = all[..6].to_vec();
    let descending: Vec<_> = ascending.iter().rev().copied().collect();
    assert_eq!(page_by_page(&world, Order::Ascending).await, ascending);
    assert_eq!(page_by_page(&world, Order::Descending).await, descending);
    let newest = [(all[5], 2), (all[4], 2), (all[3], 2), (all[2], 2)];
    assert_eq!(heads(&world, Some(agent_id(1)), 4).await, newest);
    assert_eq!(heads(&world, Some(agent_id(2)), 4).await, []);
    assert_eq!(heads(&world, None, 1).await, [(all[7], 2)]);
}

/// CONV-16: unread are the messages after the mark that the agent has not written.
pub async fn unread_messages_are_counted_after_the_mark(factory: Factory) {
    let world = World::open(factory).await;
    let account = account(&world).await;
    let id = one(&world, &account, 1, "first").await.conversation;
    for event in ["second", "third"] {
        one(&world, &account, 1, event).await;
    }
    let mut cx = world.cx(1);
    cx.actor = admin_context(agent_id(1)).actor;
    let counted = world.conversations.write(unit(), move |uow| {
        let command = SendMessage {
            conversation: id,
            text: "Hello".into(),
            files: Vec::new(),
        };
        send_message(uow, &cx, &command)?;
        let mut seen = Vec::new();
        for seq in [0, 3, 3, 5] {
            if seq > 0 {
                let conversation = uow.conversations().lock(id)?.unwrap();
                uow.conversation_marks().put(&ReadMark {
                    customer: conversation.customer,
                    conversation: id,
                    agent: agent_id(1),
                    seq,
                    updated: cx.now,
                })?;
            }
            let mark = uow.conversation_reads().mark(id, agent_id(1))?;
            let unread = uow.conversation_reads().unread(id, agent_id(1), seq)?;
            let other = uow.conversation_reads().unread(id, agent_id(2), seq)?;
            seen.push((mark.unwrap_or(0), unread, other));
        }
        let last = [1, 2, 4, 9].map(|seq| uow.conversation_marks().last_message(id, seq));
        let last = last.into_iter().collect::<Result<Vec<_>, _>>()?;
        Ok::<_, SendError>((seen, last))
    });
    let (seen, last) = counted.await.unwrap();
    assert_eq!(seen, [(0, 3, 4), (3, 1, 2), (3, 1, 2), (5, 0, 0)]);
    assert_eq!(last, [None, Some(2), Some(4), Some(5)]);
}
