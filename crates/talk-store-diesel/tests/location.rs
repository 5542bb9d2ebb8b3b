//! Tests of opening: a wrong URL creates nothing, an existing database keeps its data.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use talk_domain::identity::customer::Customer;
use talk_domain::kernel::id::CustomerId;
use talk_domain::kernel::store::{Store, Unit};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::unit::Talk;
use talk_domain::testing::{at, customer_id};
use talk_store_diesel::{OpenError, StoreOptions, check_url, migrate, open};
use talk_testkit::Silent;
use tokio::task::JoinSet;
use uuid::Uuid;

fn opened(url: &str) -> Result<Arc<dyn Store<Talk>>, OpenError> {
    opened_with(url, &StoreOptions::default())
}

fn opened_with(url: &str, options: &StoreOptions) -> Result<Arc<dyn Store<Talk>>, OpenError> {
    Ok(open(url, options, Arc::new(Silent), Arc::new(Silent))?)
}

fn customer() -> Customer {
    Customer::new(customer_id(), "Acme", at(1)).unwrap()
}

async fn find(store: &Arc<dyn Store<Talk>>, id: CustomerId) -> Option<Customer> {
    store
        .read(Unit::installation("find"), move |snapshot| {
            snapshot.directory().customer(id)
        })
        .await
        .unwrap()
}

#[tokio::test]
async fn opening_again_keeps_epoch_and_data() {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}/new/talk.db", directory.path().display());
    let store = opened(&url).unwrap();
    let epoch = store.epoch().to_owned();
    store
        .write(Unit::installation("create"), |uow| {
            uow.customers().insert(&customer())
        })
        .await
        .unwrap();
    drop(store);
    let store = opened(&url).unwrap();
    assert_eq!(store.epoch(), epoch);
    assert_eq!(find(&store, customer_id()).await, Some(customer()));
    assert!(migrate(&url).unwrap().is_empty());
}

#[test]
fn migrations_are_applied_once_also_by_many_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}/talk.db", directory.path().display());
    let mut applied = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..6)
            .map(|_| scope.spawn(|| migrate(&url).unwrap()))
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect::<Vec<String>>()
    });
    applied.sort();
    let alone = format!("sqlite:{}/alone.db", directory.path().display());
    assert_eq!(applied, migrate(&alone).unwrap());
}

#[cfg(unix)]
#[tokio::test]
async fn the_database_is_for_its_user_alone() {
    use std::os::unix::fs::PermissionsExt;

    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}/data/talk.db", directory.path().display());
    let _store = opened(&url).unwrap();
    for file in std::fs::read_dir(directory.path().join("data")).unwrap() {
        let mode = file.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0);
    }
}

#[test]
fn a_wrong_url_creates_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().display();
    for url in [
        format!("sqlit:{path}/talk.db"),
        format!("{path}/talk.db"),
        format!("sqlite://{path}/talk.db"),
        format!("sqlite:{path}/new/"),
        format!("postgres://user:secret@{path}/talk.db"),
        format!("mysql:{path}/talk.db"),
    ] {
        assert!(check_url(&url).is_err(), "{url}");
        assert!(opened(&url).is_err() && migrate(&url).is_err(), "{url}");
    }
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn dropping_the_store_finishes_what_is_queued() {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}/talk.db", directory.path().display());
    let store = opened(&url).unwrap();
    let (open, gate) = mpsc::channel::<()>();
    let (done, is_done) = mpsc::channel();
    {
        let insert = store.write(Unit::installation("create"), move |uow| {
            let _ = gate.recv();
            done.send(()).unwrap();
            uow.customers().insert(&customer())
        });
        // The caller is cancelled while its unit is queued.
        let gone = tokio::time::timeout(Duration::ZERO, insert).await;
        assert!(gone.is_err());
    }
    let opening = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(20));
        drop(open);
    });
    drop(store);
    is_done.try_recv().unwrap();
    let store = opened(&url).unwrap();
    assert_eq!(find(&store, customer_id()).await, Some(customer()));
    opening.join().unwrap();
}

#[tokio::test]
async fn a_duplicate_is_a_fault_of_ours_and_ends_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}/talk.db", directory.path().display());
    let store = opened(&url).unwrap();
    for expected in [true, false, false] {
        let outcome = store
            .write(Unit::installation("create"), |uow| {
                uow.customers().insert(&customer())
            })
            .await;
        assert_eq!(outcome.is_ok(), expected);
        assert!(matches!(outcome, Ok(()) | Err(StoreError::Corrupt(_))));
    }
}

/// RUN-22: overlapping reads keep SQLite from restarting its write-ahead log.
#[tokio::test(flavor = "multi_thread")]
async fn the_write_ahead_log_stays_short_while_readers_overlap() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("talk.db");
    let options = StoreOptions {
        log_bytes: 1 << 20,
        ..StoreOptions::default()
    };
    let store = opened_with(&format!("sqlite:{}", path.display()), &options).unwrap();
    let is_over = Arc::new(AtomicBool::new(false));
    let mut reading = JoinSet::new();
    for _ in 0..2 {
        let (store, is_over) = (Arc::clone(&store), Arc::clone(&is_over));
        reading.spawn(async move {
            while !is_over.load(Ordering::Relaxed) {
                find(&store, customer_id()).await;
            }
        });
    }
    let name = "x".repeat(100_000);
    for n in 0..300 {
        let id = CustomerId(Uuid::from_u128(n));
        let customer = Customer {
            id,
            name: name.clone(),
            ..customer()
        };
        let insert = store.write(Unit::installation("create"), move |uow| {
            uow.customers().insert(&customer)
        });
        insert.await.unwrap();
    }
    is_over.store(true, Ordering::Relaxed);
    reading.join_all().await;
    let bytes = std::fs::metadata(path.with_extension("db-wal"))
        .unwrap()
        .len();
    // 64 commits more than the limit, at most.
    assert!(bytes < 10 << 20, "{bytes} bytes");
}

/// The log of the former process may not be synced.
#[tokio::test]
async fn what_another_process_left_is_in_the_database_before_more_is_written() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let open_at = |name: &str| opened(&format!("sqlite:{}", path(name).display())).unwrap();
    let store = open_at("first.db");
    let insert = store.write(Unit::installation("create"), |uow| {
        uow.customers().insert(&customer())
    });
    insert.await.unwrap();
    for end in ["", "-wal"] {
        let name = |of: &str| path(&format!("{of}.db{end}"));
        std::fs::copy(name("first"), name("second")).unwrap();
    }
    let second = open_at("second.db");
    let nothing = second.write(Unit::installation("nothing"), |_| Ok::<_, StoreError>(()));
    nothing.await.unwrap();
    std::fs::copy(path("second.db"), path("third.db")).unwrap();
    assert_eq!(
        find(&open_at("third.db"), customer_id()).await,
        Some(customer())
    );
}
