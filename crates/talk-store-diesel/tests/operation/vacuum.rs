//! Free pages: given back by a running store, or by a rewrite of an older database.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, SqliteConnection};
use talk_domain::identity::customer::Customer;
use talk_domain::kernel::id::CustomerId;
use talk_domain::kernel::store::{Store, Unit};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::unit::Talk;
use talk_domain::testing::at;
use talk_store_diesel::{CopyError, OpenError, StoreOptions, free_space, lock, migrate, vacuum};
use uuid::Uuid;

use crate::support::Database;

const UNIT: Unit = Unit::installation("vacuum");

/// 8 MiB.
const FILL: &str = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 2000) \
                    INSERT INTO talk_meta SELECT 'filled-' || x, hex(randomblob(2000)) FROM n;";
const EMPTY: &str = "DELETE FROM talk_meta WHERE key LIKE 'filled-%';";

fn url(database: &Database) -> String {
    format!("sqlite:{}", database.path().display())
}

/// Runs statements on a database as another process would.
fn sql(database: &Database, sql: &str) {
    let mut conn = SqliteConnection::establish(database.path().to_str().unwrap()).unwrap();
    conn.batch_execute("PRAGMA busy_timeout = 10000").unwrap();
    conn.batch_execute(sql).unwrap();
}

fn length(database: &Database) -> u64 {
    std::fs::metadata(database.path()).unwrap().len()
}

async fn insert(store: &Arc<dyn Store<Talk>>, n: u128) {
    let customer = Customer::new(CustomerId(Uuid::from_u128(n)), "customer", at(1)).unwrap();
    let inserted = store.write(UNIT, move |uow| uow.customers().insert(&customer));
    inserted.await.unwrap();
}

/// RUN-21: all but a few.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_database_gives_free_pages_back_while_it_is_served() {
    let database = Database::new();
    migrate(&url(&database)).unwrap();
    assert!(free_space(&url(&database)).unwrap().is_incremental);
    sql(&database, FILL);
    let full = length(&database);
    assert!(full > 8_000_000, "{full}");
    let store = database.open(&StoreOptions::default());
    sql(&database, EMPTY);
    insert(&store, 1).await;
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let space = free_space(&url(&database)).unwrap();
        if space.free <= 1024 * 1024 && space.all < full / 2 {
            break;
        }
        assert!(Instant::now() < deadline, "{space:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    store.close().await;
    assert!(length(&database) < full / 2);
}

/// RUN-21: a command beside a server leaves this to the server.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_beside_a_server_gives_nothing_back_and_keeps_the_log() {
    let database = Database::new();
    migrate(&url(&database)).unwrap();
    sql(&database, FILL);
    sql(&database, EMPTY);
    let path = database.path();
    let mut server = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    server.batch_execute("SELECT * FROM talk_meta").unwrap();
    let options = StoreOptions {
        is_beside_server: true,
        ..StoreOptions::default()
    };
    let store = database.open(&options);
    let free = free_space(&url(&database)).unwrap().free;
    insert(&store, 1).await;
    insert(&store, 2).await;
    store.close().await;
    assert_eq!(free_space(&url(&database)).unwrap().free, free);
    let mut log = database.path().into_os_string();
    log.push("-wal");
    assert!(std::fs::metadata(log).unwrap().len() > 0);
}

/// An older database, whose free pages stay in it, with customers 1 and 2.
async fn older() -> Database {
    let database = Database::new();
    migrate(&url(&database)).unwrap();
    sql(&database, "PRAGMA auto_vacuum = NONE; VACUUM;");
    let store = database.open(&StoreOptions::default());
    insert(&store, 1).await;
    insert(&store, 2).await;
    store.close().await;
    sql(&database, FILL);
    sql(&database, EMPTY);
    database
}

/// RUN-21.
#[tokio::test(flavor = "multi_thread")]
async fn an_older_database_is_rewritten_with_everything_in_it() {
    let database = older().await;
    let space = free_space(&url(&database)).unwrap();
    assert!(!space.is_incremental && space.free > 8_000_000, "{space:?}");
    let readable = std::fs::Permissions::from_mode(0o640);
    std::fs::set_permissions(database.path(), readable).unwrap();
    let before = length(&database);
    let epoch = database.open(&StoreOptions::default()).epoch().to_owned();

    let vacuumed = vacuum(&url(&database), &|_| {}).unwrap();
    assert_eq!(
        (vacuumed.before, vacuumed.after),
        (before, length(&database))
    );
    assert!(vacuumed.after < before / 4, "{vacuumed:?}");
    let mode = std::fs::metadata(database.path()).unwrap().permissions();
    assert_eq!(mode.mode() & 0o777, 0o640);
    let names = std::fs::read_dir(database.path().parent().unwrap()).unwrap();
    let left = names.map(|file| file.unwrap().file_name().into_string().unwrap());
    let left: Vec<_> = left
        .filter(|name| name.contains("partial") || name.ends_with("-wal"))
        .collect();
    assert_eq!(left, [] as [String; 0]);
    let space = free_space(&url(&database)).unwrap();
    assert!(space.is_incremental && space.free == 0, "{space:?}");

    let store = database.open(&StoreOptions::default());
    assert_eq!(store.epoch(), epoch);
    let customers = store.read(UNIT, |snapshot| {
        Ok::<_, StoreError>(snapshot.directory().customers()?.len())
    });
    assert_eq!(customers.await.unwrap(), 2);
    store.close().await;
}

/// RUN-21: refused while a server or another process uses the database.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_in_use_is_not_rewritten() {
    let database = older().await;
    let locked = lock(&url(&database)).unwrap();
    let before = std::fs::read(database.path()).unwrap();
    // The lock belongs to a file that is open, also in the same process.
    let refused = vacuum(&url(&database), &|_| {});
    assert!(
        matches!(refused, Err(CopyError::Open(OpenError::InUse))),
        "{refused:?}"
    );
    assert!(std::fs::read(database.path()).unwrap() == before);
    drop(locked);
    let path = database.path();
    let mut other = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    other.batch_execute("SELECT * FROM talk_meta").unwrap();
    let refused = vacuum(&url(&database), &|_| {});
    assert!(matches!(refused, Err(CopyError::Busy(_))), "{refused:?}");
    assert!(std::fs::read(database.path()).unwrap() == before);
    drop(other);
    vacuum(&url(&database), &|_| {}).unwrap();
}
