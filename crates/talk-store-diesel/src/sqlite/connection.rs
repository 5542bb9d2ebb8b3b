//! SQLite: its file, its connections and their settings.

use std::fs::{DirBuilder, File, OpenOptions};
use std::path::Path;
use std::time::{Duration, Instant};

use diesel::connection::{AnsiTransactionManager, SimpleConnection};
use diesel::migration::{Migration, MigrationSource};
use diesel::prelude::*;
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Integer};
use diesel::sqlite::Sqlite;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use talk_domain::kernel::store_error::Cause;
use uuid::Uuid;

use crate::connection::AnyConnection;
use crate::error::OpenError;
use crate::portable::schema::meta;
use crate::sqlite::deadline;
use crate::sqlite::fault::is_locked;
use crate::sqlite::file::ownership::{Owner, owner};
use crate::sqlite::usernames;

/// The embedded migrations.
pub(crate) const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");

/// Timeout of opening a database that other processes use; statements have the same in
/// `busy_timeout`.
const PATIENCE: Duration = Duration::from_secs(10);

/// `busy_timeout` is set first, since switching to WAL may have to wait for another process.
const WRITER: &str = "
    PRAGMA busy_timeout = 10000;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;
    PRAGMA secure_delete = ON;
    PRAGMA wal_autocheckpoint = 10000;
    PRAGMA journal_size_limit = 67108864;
    PRAGMA cache_size = -32768;
    PRAGMA temp_store = MEMORY;
";

/// Set in a new database before its first page is written, so that free pages can be given back in
/// steps.
const NEW: &str = "PRAGMA auto_vacuum = INCREMENTAL;";

/// The value of `PRAGMA auto_vacuum` of such a database.
const INCREMENTAL: i32 = 2;

/// Settings that change nothing in the file, used until its owner is known.
const PLAIN: &str = "PRAGMA busy_timeout = 10000;";

const READER: &str = "
    PRAGMA busy_timeout = 10000;
    PRAGMA query_only = ON;
    PRAGMA cache_size = -8192;
    PRAGMA temp_store = MEMORY;
";

/// Settings of a connection to a copy that nobody else has open. It stays one file.
const COPY: &str = "
    PRAGMA busy_timeout = 10000;
    PRAGMA journal_mode = DELETE;
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;
    PRAGMA secure_delete = ON;
";

/// Opens the connection that writes. Creates the file, and its directory, for this user alone.
///
/// # Errors
/// Among others if the file belongs to another program; it is not changed then.
pub(crate) fn writer(path: &Path) -> Result<SqliteConnection, OpenError> {
    create(path).map_err(|error| OpenError::Create(path.to_owned(), error))?;
    let text = path.to_str().ok_or_else(not_utf8);
    let mut conn = connect_to(text.map_err(OpenError::Connect)?, PLAIN)?;
    refuse_foreign(&mut conn)?;
    let pages = pages_of(&mut conn).map_err(|error| OpenError::Connect(error.into()))?;
    if pages.all == 0 {
        configure(&mut conn, NEW).map_err(OpenError::Connect)?;
    }
    configure(&mut conn, WRITER).map_err(OpenError::Connect)?;
    Ok(conn)
}

/// Opens a copy that nobody else has open, to change it.
pub(crate) fn copy(path: &Path) -> Result<SqliteConnection, OpenError> {
    connect(path, COPY).map_err(OpenError::Connect)
}

/// Opens a database of Talk, which must exist, to copy it. `VACUUM INTO` is refused on a connection
/// that is `query_only`, and one that is read-only leaves its `-wal` and `-shm` files behind.
pub(crate) fn source(path: &Path) -> Result<SqliteConnection, OpenError> {
    let path = path.to_str().ok_or_else(not_utf8);
    let path = path.map_err(OpenError::Connect)?;
    let mut uri = String::from("file:");
    for c in path.chars() {
        match c {
            '%' => uri.push_str("%25"),
            '?' => uri.push_str("%3f"),
            '#' => uri.push_str("%23"),
            c => uri.push(c),
        }
    }
    uri.push_str("?mode=rw");
    let mut conn = connect_to(&uri, PLAIN)?;
    refuse_foreign(&mut conn)?;
    Ok(conn)
}

fn connect_to(path: &str, settings: &str) -> Result<SqliteConnection, OpenError> {
    let mut conn = establish(path).map_err(OpenError::Connect)?;
    configure(&mut conn, settings).map_err(OpenError::Connect)?;
    Ok(conn)
}

fn refuse_foreign(conn: &mut SqliteConnection) -> Result<(), OpenError> {
    match owner(conn).map_err(|error| OpenError::Connect(error.into()))? {
        Owner::Nobody | Owner::Talk => Ok(()),
        Owner::Other(found) => Err(OpenError::Foreign(found)),
    }
}

fn not_utf8() -> Cause {
    "the path is not UTF-8".into()
}

/// Opens a connection that only reads.
pub(crate) fn reader(path: &Path) -> Result<SqliteConnection, Cause> {
    connect(path, READER)
}

fn connect(path: &Path, settings: &str) -> Result<SqliteConnection, Cause> {
    let mut conn = establish(path.to_str().ok_or_else(not_utf8)?)?;
    configure(&mut conn, settings)?;
    Ok(conn)
}

fn establish(path: &str) -> Result<SqliteConnection, Cause> {
    let conn = SqliteConnection::establish(path)?;
    deadline::register(&conn)?;
    Ok(conn)
}

fn configure(conn: &mut SqliteConnection, settings: &str) -> Result<(), Cause> {
    let start = Instant::now();
    loop {
        match conn.batch_execute(settings) {
            Ok(()) => return Ok(()),
            // SQLite does not wait when two processes switch a new file to WAL at the same time.
            Err(error) if is_locked(&error) && start.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Opens the file; creates it, and its directory, for this user alone if there is none.
pub(crate) fn create(path: &Path) -> std::io::Result<File> {
    let directory = path.parent().filter(|dir| !dir.as_os_str().is_empty());
    if let Some(directory) = directory.filter(|dir| !dir.exists()) {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(directory)?;
    }
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Applies missing migrations under the write lock, so that two processes never do it at once.
pub(crate) fn migrate(conn: &mut SqliteConnection) -> Result<Vec<String>, Cause> {
    conn.immediate_transaction(|conn| {
        check_known(conn)?;
        let applied = conn.run_pending_migrations(MIGRATIONS);
        let applied: Vec<_> = applied
            .map_err(Failed)?
            .iter()
            .map(ToString::to_string)
            .collect();
        usernames::fill_keys(conn)?;
        Ok(applied)
    })
    .map_err(|Failed(cause)| cause)
}

/// Refuses a database with migrations of a newer version.
fn check_known(conn: &mut SqliteConnection) -> Result<(), Failed> {
    let known: Vec<Box<dyn Migration<Sqlite>>> = MIGRATIONS.migrations().map_err(Failed)?;
    let known: Vec<_> = known.iter().map(|known| known.name().version()).collect();
    let applied = conn.applied_migrations().map_err(Failed)?;
    match applied.iter().find(|version| !known.contains(version)) {
        Some(version) => Err(Failed(
            format!("a newer version of Talk made it (migration {version})").into(),
        )),
        None => Ok(()),
    }
}

struct Failed(Cause);

impl From<diesel::result::Error> for Failed {
    fn from(error: diesel::result::Error) -> Self {
        Self(error.into())
    }
}

/// Returns the epoch of the database, which is generated at its first opening.
pub(crate) fn epoch(conn: &mut SqliteConnection) -> QueryResult<String> {
    conn.immediate_transaction(|conn| {
        let known = meta::table
            .find("epoch")
            .select(meta::value)
            .first(conn)
            .optional()?;
        if let Some(epoch) = known {
            return Ok(epoch);
        }
        renew_epoch(conn)
    })
}

/// Replaces the epoch, so that no earlier position can be resumed from.
pub(crate) fn renew_epoch(conn: &mut SqliteConnection) -> QueryResult<String> {
    let epoch = Uuid::new_v4().hyphenated().to_string();
    diesel::delete(meta::table.find("epoch")).execute(conn)?;
    diesel::insert_into(meta::table)
        .values((meta::key.eq("epoch"), meta::value.eq(&epoch)))
        .execute(conn)?;
    Ok(epoch)
}

/// The pages of a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pages {
    /// Bytes of each.
    pub(crate) size: u32,
    /// Number of pages.
    pub(crate) all: u32,
    /// Number of free pages.
    pub(crate) free: u32,
    /// Whether free pages can be given back step by step.
    pub(crate) is_incremental: bool,
}

#[derive(QueryableByName)]
struct PagesRow {
    #[diesel(sql_type = Integer)]
    size: i32,
    #[diesel(sql_type = BigInt)]
    all_pages: i64,
    #[diesel(sql_type = BigInt)]
    free: i64,
    #[diesel(sql_type = Integer)]
    auto_vacuum: i32,
}

/// Reads how many pages there are and how many are free.
pub(crate) fn pages(conn: &mut AnyConnection) -> QueryResult<Pages> {
    match conn {
        AnyConnection::Sqlite(conn) => pages_of(conn),
    }
}

fn pages_of(conn: &mut SqliteConnection) -> QueryResult<Pages> {
    let sql = "SELECT s.page_size AS size, c.page_count AS all_pages, f.freelist_count AS free, \
               v.auto_vacuum AS auto_vacuum FROM pragma_page_size() s, pragma_page_count() c, \
               pragma_freelist_count() f, pragma_auto_vacuum() v";
    let row: PagesRow = diesel::sql_query(sql).get_result(conn)?;
    Ok(Pages {
        size: u32::try_from(row.size).unwrap_or(0),
        all: u32::try_from(row.all_pages).unwrap_or(u32::MAX),
        free: u32::try_from(row.free).unwrap_or(u32::MAX),
        is_incremental: row.auto_vacuum == INCREMENTAL,
    })
}

/// Returns the number of free pages, or `None` if they cannot be given back step by step.
pub(crate) fn free_pages(conn: &mut AnyConnection) -> QueryResult<Option<u32>> {
    let pages = pages(conn)?;
    Ok(pages.is_incremental.then_some(pages.free))
}

/// Returns whether the database has any tables of Talk.
pub(crate) fn has_tables(conn: &mut SqliteConnection) -> QueryResult<bool> {
    let count = "(SELECT COUNT(*) FROM sqlite_master WHERE name = 'talk_meta')";
    diesel::select(diesel::dsl::sql::<BigInt>(count))
        .get_result::<i64>(conn)
        .map(|count| count > 0)
}

/// Begins a transaction that holds the write lock from the start: a later upgrade could fail.
pub(crate) fn begin(conn: &mut AnyConnection) -> QueryResult<()> {
    match conn {
        AnyConnection::Sqlite(conn) => {
            AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN IMMEDIATE")
        }
    }
}

/// Limits the size of the file to about `bytes`.
pub(crate) fn limit(conn: &mut SqliteConnection, bytes: u64) -> QueryResult<()> {
    let size: i64 = diesel::select(diesel::dsl::sql::<BigInt>(
        "page_size FROM pragma_page_size",
    ))
    .get_result(conn)?;
    let pages = bytes / u64::try_from(size).unwrap_or(4_096).max(1);
    let pages = pages.clamp(1, 0xFFFF_FFFE);
    conn.batch_execute(&format!("PRAGMA max_page_count = {pages}"))
}

/// Rewrites a row unchanged, which needs space like any other change.
pub(crate) fn touch(conn: &mut AnyConnection) -> QueryResult<()> {
    let touch = "UPDATE talk_meta SET value = value WHERE key = 'epoch'";
    conn.batch_execute(touch)
}

/// A number that changes when another connection commits. Within a transaction it is that of the
/// database as the transaction sees it.
pub(crate) fn data_version(conn: &mut AnyConnection) -> QueryResult<i64> {
    let row: DataVersion = diesel::sql_query("PRAGMA data_version").get_result(conn)?;
    Ok(row.data_version)
}

#[derive(QueryableByName)]
struct DataVersion {
    #[diesel(sql_type = BigInt)]
    data_version: i64,
}

/// Returns the number of rows that this connection has changed since it was opened.
pub(crate) fn changes(conn: &mut AnyConnection) -> QueryResult<i64> {
    diesel::select(diesel::dsl::sql::<BigInt>("total_changes()")).get_result(conn)
}
