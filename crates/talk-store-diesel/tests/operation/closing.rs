//! Tests of closing, and of files that vanish (cases 61, 65 and 67).

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use talk_domain::identity::customer::Customer;
use talk_domain::kernel::id::CustomerId;
use talk_domain::kernel::store::{Store, Unit};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::unit::Talk;
use talk_domain::testing::at;
use talk_store_diesel::StoreOptions;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::support::Database;

const UNIT: Unit = Unit::installation("closing");

async fn insert(store: &Arc<dyn Store<Talk>>, n: u128) -> Result<(), StoreError> {
    let customer = Customer::new(CustomerId(Uuid::from_u128(n)), "customer", at(1)).unwrap();
    store
        .write(UNIT, move |uow| uow.customers().insert(&customer))
        .await
}

async fn count(store: &Arc<dyn Store<Talk>>) -> Result<usize, StoreError> {
    store
        .read(UNIT, |snapshot| Ok(snapshot.directory().customers()?.len()))
        .await
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(ending);
    path.into()
}

/// Case 61: also while other handles read and write.
#[tokio::test(flavor = "multi_thread")]
async fn a_closed_database_is_one_file_that_can_be_copied() {
    for _ in 0..10 {
        let database = Database::new();
        let store = database.open(&StoreOptions::default());
        let mut busy = JoinSet::new();
        for n in 0..20 {
            let store = Arc::clone(&store);
            busy.spawn(async move {
                let written = insert(&store, n).await;
                let _ = count(&store).await;
                written
            });
        }
        store.close().await;
        let written = busy.join_all().await;
        let written = written.iter().filter(|written| written.is_ok()).count();
        for ending in ["-wal", "-shm"] {
            let left = beside(&database.path(), ending);
            assert!(!left.exists(), "{}", left.display());
        }
        let refused = insert(&store, 99).await;
        assert!(matches!(refused, Err(StoreError::Unavailable(_))));
        assert!(matches!(
            count(&store).await,
            Err(StoreError::Unavailable(_))
        ));

        let copy = Database::new();
        std::fs::copy(database.path(), copy.path()).unwrap();
        let store = copy.open(&StoreOptions::default());
        assert_eq!(count(&store).await.unwrap(), written);
    }
}

/// Opens a database, does something to its files, and waits until the store has failed.
async fn fails_after(vandalism: impl FnOnce(&Path)) {
    let database = Database::new();
    let (tell, mut told) = mpsc::unbounded_channel();
    let store = database.open(&StoreOptions {
        on_fatal: Some(Arc::new(move |reason| {
            let _ = tell.send(reason.to_owned());
        })),
        ..StoreOptions::default()
    });
    insert(&store, 1).await.unwrap();
    vandalism(&database.path());
    let told = tokio::time::timeout(Duration::from_secs(30), told.recv()).await;
    let reason = told.unwrap().unwrap();
    assert!(reason.contains("was moved or removed"), "{reason}");
    let lost = insert(&store, 2).await;
    assert!(matches!(lost, Err(StoreError::Unavailable(_))));
    assert!(matches!(
        count(&store).await,
        Err(StoreError::Unavailable(_))
    ));
}

/// Case 67.
#[tokio::test]
async fn a_renamed_database_is_noticed() {
    fails_after(|path| std::fs::rename(path, beside(path, ".old")).unwrap()).await;
}

/// Case 67.
#[tokio::test]
async fn a_removed_write_ahead_log_is_noticed() {
    fails_after(|path| std::fs::remove_file(beside(path, "-wal")).unwrap()).await;
}

/// Case 67.
#[tokio::test]
async fn a_database_in_the_place_of_another_is_noticed() {
    fails_after(|path| {
        let other = beside(path, ".other");
        std::fs::copy(path, &other).unwrap();
        std::fs::rename(other, path).unwrap();
    })
    .await;
}
