//! Tests on a full disk: reads continue, and changes are accepted again once there is space (case
//! 46).

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use talk_domain::identity::customer::Customer;
use talk_domain::kernel::id::CustomerId;
use talk_domain::kernel::store::{Store, Unit};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::unit::Talk;
use talk_domain::testing::at;
use talk_store_diesel::StoreOptions;
use uuid::Uuid;

use crate::support::Database;

const UNIT: Unit = Unit::installation("full_disk");

/// Stores a customer with a name of 250 characters.
async fn insert(store: &Arc<dyn Store<Talk>>, n: u128) -> Result<(), StoreError> {
    let customer = Customer::new(CustomerId(Uuid::from_u128(n)), &"n".repeat(250), at(1)).unwrap();
    store
        .write(UNIT, move |uow| uow.customers().insert(&customer))
        .await
}

async fn count(store: &Arc<dyn Store<Talk>>) -> usize {
    let read = store.read(UNIT, |snapshot| {
        Ok::<_, StoreError>(snapshot.directory().customers()?.len())
    });
    read.await.unwrap()
}

/// Inserts customers until there is no space, and returns their number.
async fn insert_until_full(store: &Arc<dyn Store<Talk>>, from: u128) -> usize {
    for n in from..from + 100_000 {
        match insert(store, n).await {
            Ok(()) => {}
            Err(StoreError::Full) => {
                assert!(store.is_full());
                return count(store).await;
            }
            Err(other) => panic!("{other:?}"),
        }
    }
    panic!("the disk is never full");
}

/// A file system of a few megabytes.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Mounts one at `path`; `None` where that is not allowed.
    fn mount(path: &Path) -> Option<Self> {
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=16m", "tmpfs"])
            .arg(path)
            .status();
        mounted
            .is_ok_and(|status| status.success())
            .then(|| Self(path.to_owned()))
    }

    /// Takes every byte there is.
    fn fill(&self) {
        let mut file = File::options()
            .append(true)
            .create(true)
            .open(self.0.join("filler"))
            .unwrap();
        while file.write_all(&[1; 4_096]).is_ok() {}
    }

    fn free(&self) {
        std::fs::remove_file(self.0.join("filler")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// Case 46, on a database that may not grow.
#[tokio::test]
async fn a_database_at_its_limit_is_read_and_written_again_when_there_is_space() {
    let database = Database::new();
    let options = StoreOptions {
        max_bytes: Some(1),
        ..StoreOptions::default()
    };
    database.open(&StoreOptions::default()).close().await;
    let store = database.open(&options);
    let stored = insert_until_full(&store, 1).await;
    assert!(matches!(
        insert(&store, 900_000).await,
        Err(StoreError::Full)
    ));
    assert_eq!(count(&store).await, stored);
    drop(store);
    let store = database.open(&options);
    assert_eq!(count(&store).await, stored);
    assert!(matches!(
        insert(&store, 900_000).await,
        Err(StoreError::Full)
    ));

    let mut raw = SqliteConnection::establish(database.path().to_str().unwrap()).unwrap();
    raw.batch_execute("PRAGMA busy_timeout = 5000; DELETE FROM talk_customers")
        .unwrap();
    insert(&store, 900_001).await.unwrap();
    assert!(!store.is_full());
    assert_eq!(count(&store).await, 1);
}

/// All units of a group that finds the disk full are refused.
#[tokio::test]
async fn a_group_that_finds_no_space_is_refused_whole() {
    let database = Database::new();
    let options = StoreOptions {
        max_bytes: Some(1),
        ..StoreOptions::default()
    };
    database.open(&StoreOptions::default()).close().await;
    let store = database.open(&options);
    let held = talk_testkit::store_contract::groups::hold(&store).await;
    let many = (0..200).map(|n| {
        let store = Arc::clone(&store);
        tokio::spawn(async move { insert(&store, n).await })
    });
    let many: Vec<_> = many.collect();
    drop(held);
    let mut kept = 0;
    for done in many {
        match done.await.unwrap() {
            Ok(()) => kept += 1,
            Err(error) => assert!(matches!(error, StoreError::Full), "{error:?}"),
        }
    }
    assert_eq!(count(&store).await, kept);
    assert!(kept < 200);
}

/// Case 46, on a disk without a free byte. `TALK_TEST_MOUNT=1` (as in `.ci/run`) makes it a failure
/// when none can be mounted; without it, the test is skipped where users may not mount.
#[tokio::test]
async fn a_full_disk_ends_nothing_and_a_start_on_it_serves_reads() {
    let database = Database::new();
    let Some(disk) = SmallDisk::mount(database.path().parent().unwrap()) else {
        let is_needed = std::env::var_os("TALK_TEST_MOUNT").is_some();
        assert!(!is_needed, "no file system can be mounted");
        eprintln!("no file system can be mounted: tried on a database at its limit only");
        return;
    };
    let options = StoreOptions {
        on_fatal: Some(Arc::new(|reason| panic!("{reason}"))),
        ..StoreOptions::default()
    };
    let store = database.open(&options);
    insert(&store, 1_000_000).await.unwrap();
    disk.fill();
    let stored = insert_until_full(&store, 1).await;
    assert_eq!(count(&store).await, stored);
    store.close().await;
    drop(store);

    disk.fill();
    let store = database.open(&options);
    assert_eq!(count(&store).await, stored);
    disk.fill();
    let stored = insert_until_full(&store, 2_000_000).await;
    assert_eq!(count(&store).await, stored);

    disk.free();
    insert(&store, 3_000_000).await.unwrap();
    assert!(!store.is_full());
    assert_eq!(count(&store).await, stored + 1);
    store.close().await;
}

/// An idle server detects the space by itself.
#[tokio::test]
async fn space_is_found_without_a_write() {
    let database = Database::new();
    database.open(&StoreOptions::default()).close().await;
    let store = database.open(&StoreOptions {
        max_bytes: Some(1),
        ..StoreOptions::default()
    });
    insert_until_full(&store, 1).await;
    let found = async {
        while store.is_full() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), found)
        .await
        .unwrap();
}
