//! Jobs, parts and receipts of accounts, and what blocks sending.

use std::sync::Arc;

use conversation_domain::delivery::lease::lease_job;
use conversation_domain::model::account::Account;
use conversation_domain::model::job::{Job, Waiting};
use conversation_domain::model::message::{Delivery, Direction, Message};
use conversation_domain::model::part::Part;
use conversation_domain::model::receipt::{Receipt, ReceiptState};
use conversation_domain::testing::a_problem;
use talk_domain::kernel::id::ConversationMessageId;
use talk_domain::kernel::store::Unit;
use talk_domain::kernel::store_error::StoreError;
use talk_domain::testing::{at, customer_id};

use super::Factory;
use super::conversations::steps::{account, one, unit};
use super::world::{World, other_customer};

/// A job of a message of the account.
fn job(account: &Account, message: &Message, (seq, due): (u64, Option<i64>)) -> Job {
    Job {
        message: message.id,
        customer: customer_id(),
        account: account.id,
        conversation: message.conversation,
        room: message.room,
        seq,
        tries: 0,
        is_leased: false,
        due: due.map(at),
        created: at(1),
    }
}

async fn insert_jobs(world: &World, jobs: &[Job]) {
    let jobs = jobs.to_vec();
    let write = world
        .conversations
        .write::<_, StoreError>(unit(), move |uow| {
            jobs.iter().try_for_each(|job| uow.jobs().insert(job))
        });
    write.await.unwrap();
}

/// The messages of the account that are due at `now`.
async fn due(
    world: &World,
    account: &Account,
    (now, limit): (i64, u32),
) -> Vec<ConversationMessageId> {
    let account = account.id;
    let read = world
        .conversations
        .read::<_, StoreError>(unit(), move |snapshot| {
            snapshot.jobs().due(account, at(now), limit)
        });
    let jobs = read.await.unwrap();
    jobs.iter().map(|job| job.message).collect()
}

/// CONV-31: the longest due comes first, a message that waits for another one is not due, and a room knows
/// its first message.
pub async fn jobs_are_due_in_order(factory: Factory) {
    let world = World::open(factory).await;
    let (here, there) = (account(&world).await, account(&world).await);
    let mut messages = Vec::new();
    for n in 1..=4 {
        messages.push(one(&world, &here, 1, &format!("event-{n}")).await);
    }
    let other = one(&world, &there, 1, "event").await;
    let dues = [Some(30), Some(10), None, Some(20)];
    let jobs = messages.iter().zip((5..).zip(dues));
    let mut jobs: Vec<_> = jobs
        .map(|(message, row)| job(&here, message, row))
        .collect();
    jobs.push(job(&there, &other, (1, Some(15))));
    insert_jobs(&world, &jobs).await;
    let ids = |places: &[usize]| places.iter().map(|n| messages[*n].id).collect::<Vec<_>>();
    assert_eq!(due(&world, &here, (25, 9)).await, ids(&[1, 3]));
    assert_eq!(due(&world, &here, (30, 9)).await, ids(&[1, 3, 0]));
    assert_eq!(due(&world, &here, (30, 1)).await, ids(&[1]));
    let installation = Unit::installation("waiting");
    let read = world
        .conversations
        .read::<_, StoreError>(installation, |snapshot| snapshot.jobs().waiting());
    let mut waiting = read.await.unwrap();
    waiting.sort_by_key(|one| one.due);
    let customer = customer_id();
    let expected = [(&here, 10), (&there, 15)].map(|(account, due)| Waiting {
        customer,
        account: account.id,
        due: at(due),
    });
    assert_eq!(waiting, expected);
    let room = messages[0].room;
    let moved = Job {
        is_leased: true,
        tries: 1,
        due: Some(at(90)),
        ..jobs[1].clone()
    };
    let (gone, known) = (jobs[0].message, moved.clone());
    let change = world
        .conversations
        .write::<_, StoreError>(unit(), move |uow| {
            uow.jobs().update(&moved)?;
            let first = uow.jobs().first(room)?;
            uow.jobs().delete(gone)?;
            assert!(uow.jobs().delete(gone).is_err());
            Ok((first, uow.jobs().first(room)?))
        });
    let (first, next) = change.await.unwrap();
    assert_eq!((first.as_ref(), next), (jobs.first(), Some(known)));
    assert_eq!(due(&world, &here, (30, 9)).await, ids(&[3]));
    let read = world
        .conversations
        .write::<_, StoreError>(Unit::of(other_customer(), "contract"), move |uow| {
            uow.jobs().first(room)
        });
    assert_eq!(read.await.unwrap(), None);
}

/// CONV-31: of workers that lease a message at once, one gets it, until the lease ends.
pub async fn one_of_many_workers_leases_a_message(factory: Factory) {
    let world = World::open(factory).await;
    let account = account(&world).await;
    let received = one(&world, &account, 1, "event").await;
    let answer = Message {
        id: world.cx(1).fresh(),
        direction: Direction::Outgoing,
        delivery: Delivery::Queued,
        seq: received.seq + 7,
        ..received
    };
    let stored = answer.clone();
    let write = world
        .conversations
        .write::<_, StoreError>(unit(), move |uow| {
            uow.conversation_messages().insert(&stored)
        });
    write.await.unwrap();
    insert_jobs(&world, &[job(&account, &answer, (9, Some(5)))]).await;
    let lease = async |now: i64| {
        let mut running = Vec::new();
        for _ in 0..16 {
            let (world, id) = (Arc::clone(&world), answer.id);
            running.push(tokio::spawn(async move {
                let lease = world
                    .conversations
                    .write(unit(), move |uow| lease_job(uow, id, (at(now), 1)));
                lease.await.unwrap().is_some()
            }));
        }
        let mut leases = 0;
        for run in running {
            leases += usize::from(run.await.unwrap());
        }
        leases
    };
    assert_eq!(lease(4).await, 0);
    assert_eq!(lease(5).await, 1);
    assert_eq!(lease(1_000_004).await, 0, "the lease goes on");
    // The widget honours no keys: what became of the message is not known.
    assert_eq!(lease(1_000_005).await, 0);
    let id = answer.id;
    let read = world
        .conversations
        .write::<_, StoreError>(unit(), move |uow| {
            let job = uow.jobs().get(id)?;
            Ok((job, uow.conversation_messages().get(id)?))
        });
    let (job, message) = read.await.unwrap();
    let delivery = message.map(|message| message.delivery);
    assert_eq!((job, delivery), (None, Some(Delivery::Unknown)));
}

/// CONV-34: the parts of a message that is sent again belong to no message, and those of others stay.
pub async fn forgotten_parts_belong_to_no_message(factory: Factory) {
    let world = World::open(factory).await;
    let account = account(&world).await;
    let first = one(&world, &account, 1, "event-1").await.id;
    let second = one(&world, &account, 1, "event-2").await.id;
    let part = |provider_id: &str, message| Part {
        account: account.id,
        provider_id: provider_id.to_owned(),
        message: Some(message),
        delivery: Delivery::Sent,
        failure: None,
        created: at(1),
    };
    let all = [part("a", first), part("b", first), part("c", second)];
    let parts = all.clone();
    let write = world
        .conversations
        .write::<_, StoreError>(unit(), move |uow| {
            parts.iter().try_for_each(|part| uow.parts().insert(part))?;
            uow.parts().forget(first)
        });
    write.await.unwrap();
    let account = account.id;
    let read = world
        .conversations
        .write::<_, StoreError>(unit(), move |uow| {
            let kept = uow.parts().find(account, "a")?;
            Ok((
                kept,
                uow.parts().of_message(first)?,
                uow.parts().of_message(second)?,
            ))
        });
    let forgotten = Part {
        message: None,
        ..all[0].clone()
    };
    let expected = (Some(forgotten), vec![], vec![all[2].clone()]);
    assert_eq!(read.await.unwrap(), expected);
}

/// CONV-35: of requests with the same id that come at once, one is stored, at each of two accounts.
pub async fn one_of_many_equal_requests_is_stored(factory: Factory) {
    let world = World::open(factory).await;
    let accounts = [account(&world).await.id, account(&world).await.id];
    let mut running = Vec::new();
    for account in accounts.into_iter().cycle().take(40) {
        let receipt = Receipt {
            id: world.cx(1).fresh(),
            customer: customer_id(),
            account,
            event: "event".to_owned(),
            body: b"body".to_vec(),
            state: ReceiptState::Stored,
            error: String::new(),
            segment_of: None,
            created: at(1),
        };
        let world = Arc::clone(&world);
        running.push(tokio::spawn(async move {
            let write = world
                .conversations
                .write::<_, StoreError>(unit(), move |uow| uow.receipts().insert(&receipt));
            write.await.unwrap()
        }));
    }
    let mut stored = 0;
    for run in running {
        stored += usize::from(run.await.unwrap());
    }
    assert_eq!(stored, 2);
    for account in accounts {
        let read = world
            .conversations
            .read::<_, StoreError>(unit(), move |snapshot| {
                snapshot.receipts().waiting(account, at(1), 9)
            });
        assert_eq!(read.await.unwrap().len(), 1);
    }
}

/// CONV-37 and CONV-38: problems of accounts and opt-outs of rooms are kept, and change nothing else.
pub async fn problems_and_opt_outs_are_kept(factory: Factory) {
    let world = World::open(factory).await;
    let account = account(&world).await;
    let message = one(&world, &account, 1, "event").await;
    let (id, room) = (account.id, message.room);
    for problem in [Some(a_problem()), None] {
        let since = problem.as_ref().map(|problem| problem.noticed);
        let marked = problem.clone();
        let write = world
            .conversations
            .write::<_, StoreError>(unit(), move |uow| {
                uow.accounts().mark(id, marked.clone())?;
                uow.rooms().set_opt_out(room, since)
            });
        write.await.unwrap();
        let read = world
            .conversations
            .write::<_, StoreError>(unit(), move |uow| {
                let found = uow.accounts().get(id)?;
                Ok((found, uow.conversations().lock(message.conversation)?))
            });
        let (found, conversation) = read.await.unwrap();
        let expected = Account {
            problem,
            ..account.clone()
        };
        assert_eq!(found, Some(expected));
        assert_eq!(conversation.unwrap().room.opted_out, since);
    }
    let refused = world.conversations.write::<_, StoreError>(
        Unit::of(other_customer(), "contract"),
        move |uow| {
            assert!(uow.accounts().mark(id, None).is_err());
            uow.rooms().set_opt_out(room, None)
        },
    );
    assert!(refused.await.is_err());
}
