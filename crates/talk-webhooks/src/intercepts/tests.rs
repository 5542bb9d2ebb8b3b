//! Tests of the intercepts in memory.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::task::Poll;

use super::*;
use crate::seal::{SealingKey, SealingKeys};
use talk_domain::hooks::decision::Verdict;
use talk_domain::hooks::secret::EndpointSecrets;
use talk_domain::hooks::unit::Hooks;
use talk_domain::kernel::secret::Secrets as _;
use talk_domain::kernel::store::{Database, ReadWork, Store, Work};
use talk_domain::testing::{MockSnapshot, a_decision, an_intercept, at, customer_id};
use talk_outgoing::{ClientSettings, Guard, Lookup, Unreachable};
use tokio::time::sleep;

/// A store with intercepts that another process changes. Counts the reads.
#[derive(Default)]
struct Shelf {
    enabled: Mutex<Vec<Intercept>>,
    reads: Mutex<u32>,
    /// Permits by which reads that have their result may end.
    gate: Option<Semaphore>,
}

impl Database for Shelf {
    fn epoch(&self) -> &'static str {
        "e-1"
    }
}

impl Store<Hooks> for Shelf {
    fn execute(&self, _: Unit, _: Work<Hooks>) -> BoxFuture<'_, Result<(), StoreError>> {
        panic!("intercepts are only read")
    }

    fn query(&self, _: Unit, mut work: ReadWork<Hooks>) -> BoxFuture<'_, Result<(), StoreError>> {
        *self.reads.lock().unwrap() += 1;
        let enabled = self.enabled.lock().unwrap().clone();
        let mut snapshot = MockSnapshot::default();
        let query = snapshot.intercepts.expect_enabled();
        query.returning(move || Ok(enabled.clone()));
        work(&mut snapshot);
        Box::pin(async {
            if let Some(gate) = &self.gate {
                gate.acquire().await.unwrap().forget();
            }
            Ok(())
        })
    }
}

const SETTINGS: ClientSettings = ClientSettings {
    user_agent: "Talk",
    timeout_ms: 1_000,
    connect_timeout_ms: 1_000,
    authorities: None,
};

fn caller(store: &Arc<Shelf>) -> Arc<InterceptCaller> {
    let client = Client::new(Guard::new(&[], &[], false).unwrap(), &SETTINGS).unwrap();
    calling(store, client)
}

fn keys() -> SealingKeys {
    SealingKeys {
        current: Some(SealingKey::new(&"0123456789abcdef0123456789abcdef".into()).unwrap()),
        previous: None,
    }
}

fn calling(store: &Arc<Shelf>, client: Client) -> Arc<InterceptCaller> {
    let ports = Ports {
        store: Arc::<Shelf>::clone(store),
        secrets: Arc::new(keys()),
        clock: Arc::new(|| at(0)),
    };
    Arc::new(InterceptCaller::new(ports, client, 16))
}

/// INT-14: a post finds its intercept without an SQL statement.
#[tokio::test]
async fn the_intercept_of_a_customer_is_found_without_the_database() {
    let store = Arc::new(Shelf::default());
    let caller = caller(&store);
    let active = || caller.active(customer_id(), Point::TalkMessage);
    assert!(active().is_none());
    store.enabled.lock().unwrap().push(an_intercept());
    caller.refresh().await.unwrap();
    assert_eq!(active().as_deref(), Some(&an_intercept()));
    let another = CustomerId(talk_domain::testing::agent_id(1).0);
    assert!(caller.active(another, Point::TalkMessage).is_none());
    store.enabled.lock().unwrap().clear();
    caller.refresh().await.unwrap();
    assert!(active().is_none());
    assert_eq!(*store.reads.lock().unwrap(), 2);
}

/// INT-14: a change by another process is read within about a second.
#[tokio::test]
async fn a_change_by_another_process_is_seen_soon() {
    let store = Arc::new(Shelf::default());
    let caller = caller(&store);
    store.enabled.lock().unwrap().push(an_intercept());
    let watching = tokio::spawn(Arc::clone(&caller).watch());
    while caller.active(customer_id(), Point::TalkMessage).is_none() {
        tokio::task::yield_now().await;
    }
    watching.abort();
}

/// INT-14: a read that began before the change ends after it.
#[tokio::test]
async fn a_change_is_not_undone_by_an_earlier_read() {
    let store = Arc::new(Shelf {
        gate: Some(Semaphore::new(0)),
        ..Shelf::default()
    });
    let caller = caller(&store);
    let mut earlier = pin!(caller.read());
    let is_reading = poll_fn(|cx| Poll::Ready(earlier.as_mut().poll(cx).is_pending())).await;
    assert!(is_reading);
    store.enabled.lock().unwrap().push(an_intercept());
    store.gate.as_ref().unwrap().add_permits(2);
    let (refreshed, read) = tokio::join!(biased; caller.refresh(), earlier);
    refreshed.and(read).unwrap();
    assert!(caller.active(customer_id(), Point::TalkMessage).is_some());
}

/// Finds a loopback address for every name, slowly.
#[derive(Clone)]
struct Slow;

impl Lookup for Slow {
    async fn lookup(&self, _: String) -> io::Result<Vec<SocketAddr>> {
        sleep(Duration::from_millis(50)).await;
        Ok(vec![SocketAddr::from(([127, 0, 0, 1], 0))])
    }
}

/// INT-13: the latency would tell whether a name exists in the network of the server.
#[tokio::test]
async fn the_latency_of_a_refused_address_is_none() {
    let guard = Guard::new(&[], &[], true).unwrap();
    let client = Client::resolving(guard, &SETTINGS, Slow).unwrap();
    let call = Call {
        decision: a_decision(Verdict::Pending).id,
        body: "{}".into(),
    };
    let owner = secret_owner(customer_id(), Point::TalkMessage);
    let intercept = Intercept {
        uri: "http://inside.test/".into(),
        secrets: EndpointSecrets::first(keys().create(&owner).unwrap().1),
        ..an_intercept()
    };
    let called = calling(&Arc::default(), client)
        .call(&intercept, call)
        .await;
    let expected = (Err(Unreachable.to_string()), 0);
    assert_eq!((called.answer, called.latency_ms), expected);
}
