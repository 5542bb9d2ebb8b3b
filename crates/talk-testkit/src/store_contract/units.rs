//! Units of work: atomic and isolated.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Waker};
use std::time::Duration;

use talk_domain::kernel::log::Portion;
use talk_domain::kernel::store::{Unit, Verdict};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::message::post::{PostMessage, PostMessageError, post_message};
use talk_domain::talk::model::chat::{ChatFilter, ChatKind};
use talk_domain::testing::{agent_id, customer_id};
use tokio::task::JoinSet;

use super::Factory;
use super::paging::first;
use super::world::{World, other_customer};

fn say(chat: talk_domain::kernel::id::ChatId, text: &str) -> PostMessage {
    PostMessage {
        chat,
        parent: None,
        text: text.into(),
        medias: vec![],
    }
}

/// LOG-01: nothing of a refused unit is stored.
pub async fn a_refused_unit_leaves_nothing(factory: Factory) {
    let world = World::open(factory).await;
    let chat = world.chat(ChatKind::Group, 1, &[2]).await;
    let before = (world.stored(chat.id).await, world.log(chat.id).await);
    let cx = world.cx(1);
    let refused: Result<(), PostMessageError> = world
        .write(move |uow| {
            post_message(uow, &cx, &say(chat.id, "kept"))?;
            Err(PostMessageError::Empty)
        })
        .await;
    assert!(matches!(refused, Err(PostMessageError::Empty)));
    let after = (world.stored(chat.id).await, world.log(chat.id).await);
    assert_eq!(before, after);
}

/// A panic fails its unit, and the next unit works.
pub async fn a_panic_stays_in_its_unit(factory: Factory) {
    let world = World::open(factory).await;
    for _ in 0..3 {
        let panicked = world
            .write(|_| -> Result<(), StoreError> { panic!("on purpose") })
            .await;
        assert!(matches!(panicked, Err(StoreError::Corrupt(_))));
    }
    let chat = world.chat(ChatKind::Group, 1, &[2]).await;
    assert_eq!(world.stored(chat.id).await, chat);
}

/// A unit that always returns a retry ends as a conflict; one that returns it once succeeds.
pub async fn a_retry_is_bounded(factory: Factory) {
    let world = World::open(factory).await;
    let runs = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&runs);
    let conflict = world
        .write(move |_| -> Result<(), StoreError> {
            counted.fetch_add(1, Ordering::Relaxed);
            Err(StoreError::Conflict)
        })
        .await;
    assert!(matches!(conflict, Err(StoreError::Conflict)));
    assert!((2..=10).contains(&runs.load(Ordering::Relaxed)));

    let mut first = true;
    let chat = world.chat(ChatKind::Group, 1, &[2]).await.id;
    let cx = world.cx(1);
    let posted = world
        .write(move |uow| {
            let message = post_message(uow, &cx, &say(chat, "hello"))?.message;
            if std::mem::take(&mut first) {
                return Err(StoreError::Conflict.into());
            }
            Ok::<_, PostMessageError>(message.seq)
        })
        .await
        .unwrap();
    assert_eq!(world.stored(chat).await.last.seq, posted);
    assert_eq!(
        world.log(chat).await.len(),
        usize::try_from(posted).unwrap()
    );
}

/// In a full queue the next unit is refused at once.
pub async fn a_full_queue_is_busy_at_once(factory: Factory) {
    let world = World::with_queue(factory, 1).await;
    let (open, gate) = mpsc::channel::<()>();
    let (started, starts) = tokio::sync::oneshot::channel();
    let mut started = Some(started);
    let blocker = world.write(move |_| {
        started.take().map(|started| started.send(()));
        let _ = gate.recv();
        Ok::<_, StoreError>(())
    });
    let crowd = async {
        starts.await.unwrap();
        let waiting = world.write(|_| Ok::<_, StoreError>(()));
        let overflow = async {
            // If it waited, the test would hang.
            let refused = world.write(|_| Ok::<_, StoreError>(())).await;
            assert!(matches!(refused, Err(StoreError::Busy)));
            open.send(()).unwrap();
        };
        let (waited, ()) = tokio::join!(waiting, overflow);
        waited.unwrap();
    };
    let (held, ()) = tokio::join!(blocker, crowd);
    held.unwrap();
}

/// A read does not see commits that happen while it runs.
pub async fn a_read_sees_one_moment(factory: Factory) {
    let world = World::open(factory).await;
    let chat = world.chat(ChatKind::Group, 1, &[2]).await.id;
    let (begun, begins) = tokio::sync::oneshot::channel();
    let (open, gate) = mpsc::channel::<()>();
    let mut begun = Some(begun);
    let reading = world.read(move |snapshot| {
        let before = snapshot.chats().get(chat)?;
        begun.take().map(|begun| begun.send(()));
        let _ = gate.recv();
        let events = snapshot
            .events()
            .after(chat.into(), Portion::new(0, 1_000))?
            .events;
        Ok((before, snapshot.chats().get(chat)?, events.len()))
    });
    let writing = async {
        begins.await.unwrap();
        let message = world.post(1, chat, "meanwhile").await;
        open.send(()).unwrap();
        message
    };
    let ((before, after, events), message) = tokio::join!(reading, writing);
    assert_eq!(before, after);
    assert_eq!(u64::try_from(events).unwrap() + 1, message.seq);
    assert_eq!(world.stored(chat).await.last.seq, message.seq);
}

/// A read that is refused, panics or returns a retry for ever affects no other.
pub async fn a_failing_read_fails_alone(factory: Factory) {
    let world = World::open(factory).await;
    let unit = Unit::of(customer_id(), "contract");
    for _ in 0..10 {
        let panicked = world.store.query(unit, Box::new(|_| panic!("on purpose")));
        assert!(matches!(panicked.await, Err(StoreError::Corrupt(_))));
        let conflict = world.store.query(unit, Box::new(|_| Verdict::Retry));
        assert!(matches!(conflict.await, Err(StoreError::Conflict)));
        let refused = world.store.query(unit, Box::new(|_| Verdict::Rollback));
        refused.await.unwrap();
    }
}

/// The epoch is there and stays.
pub async fn the_epoch_is_an_identity(factory: Factory) {
    let world = World::open(factory).await;
    let other = World::open(factory).await;
    assert!(!world.store.epoch().is_empty());
    assert_eq!(world.store.epoch(), world.store.epoch());
    assert_ne!(world.store.epoch(), other.store.epoch());
}

/// Abandoned futures of reads hold no connection.
pub async fn a_read_nobody_polls_holds_nobody_back(factory: Factory) {
    let world = World::open(factory).await;
    let gate = Arc::new(Mutex::new(()));
    let closed = gate.lock().unwrap();
    let read = || {
        let gate = Arc::clone(&gate);
        Box::pin(world.read(move |_| {
            drop(gate.lock());
            Ok(())
        }))
    };
    let mut abandoned: Vec<_> = (0..64).map(|_| read()).collect();
    let mut nobody = Context::from_waker(Waker::noop());
    for read in &mut abandoned {
        assert!(read.as_mut().poll(&mut nobody).is_pending());
    }
    drop(closed);
    world.read(|_| Ok(())).await;
}

/// Case 39. A read without end fails at its deadline, and its connection is free again.
pub async fn a_read_ends_at_its_deadline(factory: Factory) {
    let world = World::with_read_timeout(factory, Duration::from_millis(50)).await;
    world.chat(ChatKind::Group, 1, &[2]).await;
    let unit = Unit::of(customer_id(), "contract");
    for _ in 0..10 {
        let endless = world.store.read(unit, |snapshot| {
            let mut read = || {
                let chats = snapshot.chats();
                chats.of_agent(agent_id(1), ChatFilter::default(), first(10))
            };
            // Nothing else ends this loop.
            while read()?.next.is_none() {}
            Ok::<(), StoreError>(())
        });
        assert!(matches!(endless.await, Err(StoreError::Timeout)));
    }
    assert_eq!(world.read(|_| Ok(7)).await, 7);
}

/// Case 39. Reads of one customer keep neither another customer nor the server itself waiting.
pub async fn others_read_while_one_customer_reads_all_it_can(factory: Factory) {
    let world = World::open(factory).await;
    let (open, gate) = mpsc::channel::<()>();
    let gate = Arc::new(Mutex::new(gate));
    let (runs, mut running) = tokio::sync::mpsc::unbounded_channel();
    let mut reads = JoinSet::new();
    for _ in 0..40 {
        let (gate, runs, world) = (Arc::clone(&gate), runs.clone(), Arc::clone(&world));
        reads.spawn(async move {
            let held = world.read(move |_| {
                let _ = runs.send(());
                // Blocks until all are released.
                let _ = gate.lock().unwrap().recv();
                Ok(())
            });
            held.await;
        });
    }
    running.recv().await.unwrap();
    // If one of these waited for those above, the test would hang.
    for _ in 0..10 {
        world.read_as(other_customer(), |_| Ok(())).await;
        let unit = Unit::installation("contract");
        let agents = world
            .store
            .read(unit, |snapshot| snapshot.directory().has_agents());
        assert!(agents.await.unwrap());
    }
    drop(open);
    while let Some(read) = reads.join_next().await {
        read.unwrap();
    }
}
