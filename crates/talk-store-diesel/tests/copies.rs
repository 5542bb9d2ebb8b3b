//! Backups, restores, locks, and databases of other programs.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, SqliteConnection};
use talk_domain::identity::customer::Customer;
use talk_domain::kernel::id::CustomerId;
use talk_domain::kernel::store::{Store, Unit};
use talk_domain::talk::unit::Talk;
use talk_domain::testing::at;
use talk_store_diesel::{
    CopyError, Elsewhere, Marker, OpenError, Restore, StoreOptions, backup, lock, migrate, open,
    renew_if_older, restore,
};
use talk_testkit::Silent;
use tempfile::TempDir;
use uuid::Uuid;

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn url(&self, name: &str) -> String {
        format!("sqlite:{}", self.path(name).display())
    }

    fn open(&self, name: &str) -> Arc<dyn Store<Talk>> {
        let options = StoreOptions::default();
        open(
            &self.url(name),
            &options,
            Arc::new(Silent),
            Arc::new(Silent),
        )
        .unwrap()
    }

    fn names(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.0.path()).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }

    /// Runs statements on a database as another program would.
    fn sql(&self, name: &str, sql: &str) {
        let path = self.path(name);
        let mut conn = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
        conn.batch_execute(sql).unwrap();
    }
}

async fn add(store: &Arc<dyn Store<Talk>>, number: u128) {
    let customer = Customer::new(CustomerId(Uuid::from_u128(number)), "C", at(1)).unwrap();
    let insert = store.write(Unit::installation("create"), move |uow| {
        uow.customers().insert(&customer)
    });
    insert.await.unwrap();
}

async fn count(store: &Arc<dyn Store<Talk>>) -> usize {
    let unit = Unit::installation("count");
    let customers = store.read(unit, |snapshot| snapshot.directory().customers());
    customers.await.unwrap().len()
}

fn put_back(source: &Path, is_replacing: bool) -> Restore<'_> {
    Restore {
        source,
        is_replacing,
        is_without_files: false,
        stamp: "now",
    }
}

/// The id of a chat.
const CHAT: &str = "x'0000000000000000000000000000000a'";

/// One event of a chat, enough for the mark.
fn event(seq: i64, tm: i64) -> String {
    format!(
        "INSERT INTO talk_events (stream_id, seq, customer_id, realm, kind, actor, subject, tm, \
         payload) VALUES ({CHAT}, {seq}, x'0c', 'chat', 'k', x'01', x'02', {tm}, '{{}}'); \
         UPDATE talk_chats SET last_seq = {seq};"
    )
}

/// Case 62 and RUN-14.
#[tokio::test]
async fn a_backup_of_an_open_database_is_complete_private_and_its_own_file() {
    let place = Place::new();
    let store = place.open("talk.db");
    for number in 0..50 {
        add(&store, number).await;
    }
    let file = place.path("backup");
    let made = backup(&place.url("talk.db"), &file, &mut Elsewhere, &|_| {}).unwrap();
    assert_eq!(
        (made.epoch.as_str(), made.is_examined),
        (store.epoch(), true)
    );
    let metadata = file.metadata().unwrap();
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    assert_eq!(metadata.len(), made.bytes);
    assert!(!place.names().iter().any(|name| name.contains("partial")));
    add(&store, 50).await;
    drop(store);
    assert_eq!(count(&place.open("backup")).await, 50);
}

/// Case 62.
#[test]
fn a_backup_never_replaces_a_file_and_takes_over_what_a_killed_one_left() {
    let place = Place::new();
    migrate(&place.url("talk.db")).unwrap();
    drop(place.open("talk.db"));
    let file = place.path("backup");
    std::fs::write(place.path("backup.partial"), "half of a backup").unwrap();
    backup(&place.url("talk.db"), &file, &mut Elsewhere, &|_| {}).unwrap();
    let before = std::fs::read(&file).unwrap();
    let again = backup(&place.url("talk.db"), &file, &mut Elsewhere, &|_| {});
    assert!(matches!(again, Err(CopyError::Exists(_))), "{again:?}");
    assert_eq!(std::fs::read(&file).unwrap(), before);
    std::os::unix::fs::symlink("nowhere", place.path("link")).unwrap();
    let linked = backup(
        &place.url("talk.db"),
        &place.path("link"),
        &mut Elsewhere,
        &|_| {},
    );
    assert!(matches!(linked, Err(CopyError::Exists(_))), "{linked:?}");
}

/// Case 62: a damaged copy is refused.
#[test]
fn a_backup_of_a_database_that_contradicts_itself_is_refused() {
    let place = Place::new();
    drop(place.open("talk.db"));
    place.sql(
        "talk.db",
        "INSERT INTO talk_events VALUES (1, x'0b', 1, x'0c', 'chat', 'k', x'01', x'02', NULL, 3, '{}');",
    );
    let refused = backup(
        &place.url("talk.db"),
        &place.path("backup"),
        &mut Elsewhere,
        &|_| {},
    );
    let Err(CopyError::Damaged(problems)) = refused else {
        panic!("{refused:?}")
    };
    assert!(
        problems[0].contains("events without their chat"),
        "{problems:?}"
    );
    assert_eq!(place.names(), ["talk.db", "talk.db-reserve"]);
}

/// Case 60 and RUN-15.
#[tokio::test]
async fn a_restored_database_has_another_epoch_and_the_one_before_is_kept() {
    let place = Place::new();
    let store = place.open("talk.db");
    add(&store, 1).await;
    let epoch = store.epoch().to_owned();
    let file = place.path("backup");
    backup(&place.url("talk.db"), &file, &mut Elsewhere, &|_| {}).unwrap();
    add(&store, 2).await;
    drop(store);
    let url = place.url("talk.db");
    let refused = restore(&url, put_back(&file, false), &mut Elsewhere, &|_| {});
    assert!(matches!(refused, Err(CopyError::Exists(_))), "{refused:?}");
    let (restored, kept) = restore(&url, put_back(&file, true), &mut Elsewhere, &|_| {}).unwrap();
    assert_ne!(restored.epoch, epoch);
    let store = place.open("talk.db");
    assert_eq!((count(&store).await, store.epoch()), (1, &*restored.epoch));
    drop(store);
    let kept = kept
        .unwrap()
        .file_name()
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned();
    assert_eq!(kept, "talk.db.replaced-now");
    let store = place.open(&kept);
    assert_eq!((count(&store).await, store.epoch()), (2, &*epoch));
}

/// Case 60: the write-ahead log of the former database is kept with it, and not applied to the
/// restored one.
#[tokio::test]
async fn a_log_left_behind_stays_with_its_database() {
    let place = Place::new();
    let store = place.open("first.db");
    add(&store, 1).await;
    let file = place.path("backup");
    backup(&place.url("first.db"), &file, &mut Elsewhere, &|_| {}).unwrap();
    add(&store, 2).await;
    // The files of an open database, as a kill would leave them.
    for end in ["", "-wal"] {
        let of = |name: &str| place.path(&format!("{name}.db{end}"));
        std::fs::copy(of("first"), of("talk")).unwrap();
    }
    let (_, kept) = restore(
        &place.url("talk.db"),
        put_back(&file, true),
        &mut Elsewhere,
        &|_| {},
    )
    .unwrap();
    assert_eq!(count(&place.open("talk.db")).await, 1);
    let kept = kept
        .unwrap()
        .file_name()
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned();
    assert_eq!(count(&place.open(&kept)).await, 2);
}

/// Case 60.
#[test]
fn a_restore_of_nothing_or_beside_a_server_changes_nothing() {
    let place = Place::new();
    std::fs::write(place.path("empty"), "").unwrap();
    std::fs::write(
        place.path("text"),
        "no database at all, but long enough to be read",
    )
    .unwrap();
    let (url, new) = (place.url("talk.db"), place.url("new.db"));
    for source in ["nowhere", "empty", "text"] {
        let refused = restore(
            &new,
            put_back(&place.path(source), true),
            &mut Elsewhere,
            &|_| {},
        );
        assert!(refused.is_err(), "{source}");
        assert!(!place.path("new.db").exists(), "{source}");
    }
    drop(place.open("talk.db"));
    backup(&url, &place.path("backup"), &mut Elsewhere, &|_| {}).unwrap();
    let server = lock(&url).unwrap();
    let refused = restore(
        &url,
        put_back(&place.path("backup"), true),
        &mut Elsewhere,
        &|_| {},
    );
    let in_use = matches!(refused, Err(CopyError::Open(OpenError::InUse)));
    assert!(in_use, "{refused:?}");
    drop(server);
    restore(
        &url,
        put_back(&place.path("backup"), true),
        &mut Elsewhere,
        &|_| {},
    )
    .unwrap();
}

/// Case 63 and RUN-25.
#[test]
fn the_lock_goes_by_the_file_whatever_its_name() {
    let place = Place::new();
    let first = lock(&place.url("talk.db")).unwrap();
    std::os::unix::fs::symlink("talk.db", place.path("symbolic.db")).unwrap();
    std::fs::hard_link(place.path("talk.db"), place.path("hard.db")).unwrap();
    // SQLite opening and closing the file in between does not drop the lock.
    drop(place.open("talk.db"));
    for name in ["talk.db", "symbolic.db", "hard.db"] {
        let second = lock(&place.url(name));
        assert!(matches!(second, Err(OpenError::InUse)), "{name}");
    }
    lock(&place.url("another.db")).unwrap();
    drop(first);
    lock(&place.url("hard.db")).unwrap();
}

/// Case 64 and RUN-24.
#[test]
fn a_database_of_another_program_is_refused_and_not_changed() {
    let place = Place::new();
    place.sql("contacts.db", "CREATE TABLE contacts (name TEXT)");
    place.sql(
        "tagged.db",
        "PRAGMA application_id = 77; CREATE TABLE talk_meta (key TEXT)",
    );
    std::fs::write(
        place.path("text.db"),
        "a text that is no database, of some length",
    )
    .unwrap();
    for (name, reason) in [
        ("contacts.db", "its tables are contacts"),
        ("tagged.db", "its application id is 0x4d"),
        ("text.db", "it is no SQLite database"),
    ] {
        let before = std::fs::read(place.path(name)).unwrap();
        let refused = migrate(&place.url(name)).unwrap_err();
        assert!(refused.to_string().contains(reason), "{refused}");
        let copied = backup(
            &place.url(name),
            &place.path("copy"),
            &mut Elsewhere,
            &|_| {},
        );
        assert!(matches!(
            copied,
            Err(CopyError::Open(OpenError::Foreign(_)))
        ));
        assert_eq!(std::fs::read(place.path(name)).unwrap(), before, "{name}");
    }
}

/// Case 64: a database of a version without application ids gets one.
#[test]
fn a_database_without_an_application_id_is_known_by_its_tables() {
    let place = Place::new();
    migrate(&place.url("talk.db")).unwrap();
    let id = || {
        let header = std::fs::read(place.path("talk.db")).unwrap();
        String::from_utf8(header[68..72].to_vec()).unwrap()
    };
    assert_eq!(id(), "Talk");
    place.sql(
        "talk.db",
        "PRAGMA application_id = 0; DELETE FROM __diesel_schema_migrations WHERE version = '0010'; \
         PRAGMA wal_checkpoint(TRUNCATE)",
    );
    assert_eq!(id(), "\0\0\0\0");
    assert_eq!(migrate(&place.url("talk.db")).unwrap(), ["0010"]);
    assert_eq!(id(), "Talk");
}

/// Case 60.
#[test]
fn a_database_older_than_its_mark_gets_a_new_epoch_once() {
    let place = Place::new();
    let url = place.url("talk.db");
    drop(place.open("talk.db"));
    let chat = format!(
        "INSERT INTO talk_chats (id, customer_id, kind, name, detail, status, creator_id, \
         member_count, last_seq, last_at, created_at, updated_at) VALUES ({CHAT}, x'01', 'group', \
         '', '', 'active', x'02', 0, 0, 0, 0, 0);"
    );
    place.sql("talk.db", &format!("{chat}{}", event(1, 10)));
    let copy = |from: &str, to: &str| std::fs::copy(place.path(from), place.path(to)).unwrap();
    let serve = || {
        let renewed = renew_if_older(&url).unwrap();
        let store = place.open("talk.db");
        drop(Marker::start(&url).unwrap());
        (renewed.is_some(), store.epoch().to_owned())
    };
    // No mark yet, then one that fits, also after events were added and by another name.
    let (is_renewed, first) = serve();
    assert!(!is_renewed);
    copy("talk.db", "older.db");
    place.sql("talk.db", &event(2, 20));
    assert_eq!(serve(), (false, first.clone()));
    // An older copy, and one that was changed elsewhere.
    copy("older.db", "talk.db");
    let (is_renewed, second) = serve();
    assert!(is_renewed && second != first);
    assert_eq!(serve(), (false, second.clone()), "once");
    copy("talk.db", "older.db");
    place.sql("talk.db", &event(2, 30));
    assert_eq!(serve(), (false, second.clone()));
    copy("older.db", "talk.db");
    place.sql("talk.db", &event(2, 31));
    let (is_renewed, third) = serve();
    assert!(is_renewed && third != second);
    // Expired events do not count as missing.
    place.sql(
        "talk.db",
        "DELETE FROM talk_events; UPDATE talk_chats SET log_start = 2",
    );
    assert_eq!(serve(), (false, third.clone()));
    // A damaged mark counts as none.
    std::fs::write(place.path("talk.db.mark"), "{").unwrap();
    assert_eq!(serve(), (false, third));
}
