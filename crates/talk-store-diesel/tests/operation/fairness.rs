//! Tests of fairness among units that wait for the writer (case 43).

use std::future::Future;
use std::sync::{Arc, Mutex};

use talk_domain::kernel::id::{AgentId, CustomerId};
use talk_domain::kernel::store::{Store, Unit};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::unit::Talk;
use talk_store_diesel::StoreOptions;
use talk_testkit::store_contract::groups::hold;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::support::Database;

fn unit(customer: u128, agent: u128) -> Unit {
    let customer = CustomerId(Uuid::from_u128(customer));
    Unit {
        agent: Some(AgentId(Uuid::from_u128(agent))),
        ..Unit::of(customer, "fairness")
    }
}

type Order = Arc<Mutex<Vec<Unit>>>;

/// Queues a unit that notes when it runs; it is queued when this returns.
async fn queue(
    store: &Arc<dyn Store<Talk>>,
    order: &Order,
    unit: Unit,
) -> JoinHandle<Result<(), StoreError>> {
    let (store, order) = (Arc::clone(store), Arc::clone(order));
    let (queued, is_queued) = tokio::sync::oneshot::channel();
    let waiting = tokio::spawn(async move {
        let mut write = Box::pin(store.write(unit, move |_| {
            order.lock().unwrap().push(unit);
            Ok::<_, StoreError>(())
        }));
        let first = std::future::poll_fn(|cx| std::task::Poll::Ready(write.as_mut().poll(cx)));
        let first = first.await;
        queued.send(()).unwrap();
        match first {
            std::task::Poll::Ready(answer) => answer,
            std::task::Poll::Pending => write.await,
        }
    });
    is_queued.await.unwrap();
    waiting
}

/// Case 43.
#[tokio::test]
async fn a_newcomer_does_not_wait_for_the_queue_of_another() {
    let database = Database::new();
    let store = database.open(&StoreOptions::default());
    let order = Order::default();
    let (flood, colleague, stranger) = (unit(1, 1), unit(1, 2), unit(2, 1));
    let held = hold(&store).await;
    let mut all = Vec::new();
    for _ in 0..50 {
        all.push(queue(&store, &order, flood).await);
    }
    all.push(queue(&store, &order, colleague).await);
    all.push(queue(&store, &order, stranger).await);
    drop(held);
    for done in all {
        done.await.unwrap().unwrap();
    }
    let order = order.lock().unwrap();
    assert_eq!(order.len(), 52);
    for waited in [colleague, stranger] {
        let turn = order.iter().position(|ran| *ran == waited).unwrap();
        assert!(turn <= 3, "{turn} before {waited:?}");
    }
}

/// Case 43.
#[tokio::test]
async fn a_full_queue_refuses_the_one_who_filled_it() {
    let database = Database::new();
    let store = database.open(&StoreOptions {
        queue: 4,
        ..StoreOptions::default()
    });
    let order = Order::default();
    let (flood, stranger) = (unit(1, 1), unit(2, 1));
    let held = hold(&store).await;
    let mut floods = Vec::new();
    for _ in 0..4 {
        floods.push(queue(&store, &order, flood).await);
    }
    let one_more = queue(&store, &order, flood).await.await.unwrap();
    assert!(matches!(one_more, Err(StoreError::Busy)));
    let mut newcomer = queue(&store, &order, stranger).await;
    let newest = floods.pop().unwrap();
    tokio::select! {
        refused = &mut newcomer => panic!("{refused:?}"),
        newest = newest => assert!(matches!(newest.unwrap(), Err(StoreError::Busy))),
    }
    drop(held);
    newcomer.await.unwrap().unwrap();
    for waited in floods {
        waited.await.unwrap().unwrap();
    }
}
