//! Tests that the store ends when the stored state is unknown.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use talk_domain::identity::customer::Customer;
use talk_domain::identity::customer::create::CreateCustomerError;
use talk_domain::kernel::id::{CustomerId, TokenId};
use talk_domain::kernel::store::{Store, Unit};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::unit::Talk;
use talk_domain::talk::unit::TalkUnit;
use talk_domain::testing::at;
use talk_store_diesel::{StoreOptions, open};
use talk_testkit::Silent;
use talk_testkit::store_contract::groups::hold;
use tokio::sync::mpsc;
use uuid::Uuid;

const UNIT: Unit = Unit::installation("create");

/// A deferred constraint, which fails at the commit.
const COMMIT_FAILS: &str = "
    CREATE TABLE bad (x TEXT REFERENCES talk_meta (key) DEFERRABLE INITIALLY DEFERRED);
    CREATE TRIGGER fails AFTER INSERT ON talk_customers WHEN NEW.name = 'boom'
    BEGIN INSERT INTO bad VALUES ('nothing'); END;";

/// A statement that ends the whole transaction, as a full disk can.
const STATEMENT_ENDS_ALL: &str = "
    CREATE TRIGGER fails BEFORE INSERT ON talk_customers WHEN NEW.name = 'boom'
    BEGIN SELECT RAISE(ROLLBACK, 'disk full'); END;";

/// The same of a statement that may be refused.
const REFUSABLE_ENDS_ALL: &str = "
    CREATE TRIGGER fails BEFORE INSERT ON talk_revoked_tokens
    BEGIN SELECT RAISE(ROLLBACK, 'disk full'); END;";

type Fails = fn(&mut dyn TalkUnit) -> Result<(), StoreError>;

async fn insert(store: &Arc<dyn Store<Talk>>, n: u128, name: &str) -> Result<(), StoreError> {
    let customer = Customer::new(CustomerId(Uuid::from_u128(n)), name, at(1)).unwrap();
    store
        .write(UNIT, move |uow| uow.customers().insert(&customer))
        .await
}

async fn count(store: &Arc<dyn Store<Talk>>) -> Result<usize, StoreError> {
    store
        .read(UNIT, |snapshot| Ok(snapshot.directory().customers()?.len()))
        .await
}

fn boom(uow: &mut dyn TalkUnit) -> Result<(), StoreError> {
    let customer = Customer::new(CustomerId(Uuid::from_u128(3)), "boom", at(1)).unwrap();
    uow.customers().insert(&customer)
}

async fn the_store_ends(sabotage: &str, fails: Fails) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("talk.db");
    let url = format!("sqlite:{}", path.display());
    let (tell, mut told) = mpsc::unbounded_channel();
    let options = StoreOptions {
        on_fatal: Some(Arc::new(move |reason| {
            tell.send(reason.to_owned()).unwrap();
        })),
        ..StoreOptions::default()
    };
    let store: Arc<dyn Store<Talk>> =
        open(&url, &options, Arc::new(Silent), Arc::new(Silent)).unwrap();
    insert(&store, 1, "before").await.unwrap();
    let mut raw = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    raw.batch_execute(sabotage).unwrap();

    let held = hold(&store).await;
    let (first, boom, last, ()) = tokio::join!(
        insert(&store, 2, "first"),
        store.write(UNIT, fails),
        insert(&store, 4, "last"),
        async { drop(held) }
    );
    for lost in [first, boom, last] {
        assert!(matches!(lost, Err(StoreError::Unavailable(_))), "{lost:?}");
    }
    let late = insert(&store, 5, "late").await;
    assert!(matches!(late, Err(StoreError::Unavailable(_))));
    assert!(matches!(
        count(&store).await,
        Err(StoreError::Unavailable(_))
    ));
    // The writer calls the hook once, after the answers.
    assert!(told.recv().await.is_some());
    drop((store, options));
    assert_eq!(told.recv().await, None);

    raw.batch_execute("DROP TRIGGER fails").unwrap();
    let store: Arc<dyn Store<Talk>> = open(
        &url,
        &StoreOptions::default(),
        Arc::new(Silent),
        Arc::new(Silent),
    )
    .unwrap();
    assert_eq!(count(&store).await.unwrap(), 1);
    insert(&store, 6, "boom").await.unwrap();
}

#[tokio::test]
async fn a_failing_commit_ends_the_store() {
    the_store_ends(COMMIT_FAILS, boom).await;
}

#[tokio::test]
async fn a_lost_transaction_ends_the_store() {
    the_store_ends(STATEMENT_ENDS_ALL, boom).await;
}

#[tokio::test]
async fn a_transaction_lost_before_any_change_ends_the_store() {
    the_store_ends(REFUSABLE_ENDS_ALL, |uow| {
        let token = TokenId(Uuid::from_u128(1));
        uow.sessions().revoke(token, at(9))
    })
    .await;
}

/// A refusal that changed nothing does not affect its group. After a failure of storage the state
/// is unknown, so all units of the group run again.
#[tokio::test]
async fn a_failure_is_no_refusal() {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", directory.path().join("talk.db").display());
    let options = StoreOptions::default();
    let store: Arc<dyn Store<Talk>> =
        open(&url, &options, Arc::new(Silent), Arc::new(Silent)).unwrap();
    for (is_refusal, expected) in [(true, 1), (false, 2)] {
        let runs = Arc::new(AtomicU32::new(0));
        let (counted, held) = (Arc::clone(&runs), hold(&store).await);
        let neighbour = store.write(UNIT, move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
            Ok::<_, StoreError>(())
        });
        let other = store.write(UNIT, move |_| {
            let failed = || StoreError::Unavailable("on purpose".into()).into();
            let error = is_refusal.then_some(CreateCustomerError::IdTaken);
            Err::<(), _>(error.unwrap_or_else(failed))
        });
        let (neighbour, other, ()) = tokio::join!(neighbour, other, async { drop(held) });
        neighbour.unwrap();
        other.unwrap_err();
        assert_eq!(runs.load(Ordering::Relaxed), expected);
    }
}

#[tokio::test]
async fn another_process_that_writes_for_a_moment_ends_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("talk.db");
    let url = format!("sqlite:{}", path.display());
    let store: Arc<dyn Store<Talk>> = open(
        &url,
        &StoreOptions::default(),
        Arc::new(Silent),
        Arc::new(Silent),
    )
    .unwrap();
    let mut raw = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    // The writer settles the log when it starts.
    raw.batch_execute("PRAGMA busy_timeout = 10000; BEGIN IMMEDIATE")
        .unwrap();
    let release = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(100));
        raw.batch_execute("COMMIT").unwrap();
    });
    insert(&store, 1, "patient").await.unwrap();
    release.join().unwrap();
    assert_eq!(count(&store).await.unwrap(), 1);
}
