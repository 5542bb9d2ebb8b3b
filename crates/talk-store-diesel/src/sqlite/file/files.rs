//! The files that the rows of a copied database name.

use std::collections::HashSet;
use std::io;

use diesel::prelude::*;
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Binary};
use talk_domain::files::model::StoredFile;
use uuid::Uuid;

use crate::sqlite::file::backup::CopyError;

/// Rows read at once.
const PAGE: i64 = 1_000;

/// Copies the bytes of files along with a database.
///
/// The methods are called in the order [`begin`](Self::begin), [`copy`](Self::copy) for some files at
/// a time, [`publish`](Self::publish), by one process at a time for one target.
pub trait FileCopies {
    /// Prepares an empty place for the copies.
    ///
    /// # Errors
    /// `AlreadyExists` if copies have that name.
    fn begin(&mut self) -> io::Result<()>;

    /// Copies the bytes of files of these sizes, unless they are copied already. Returns the files
    /// whose bytes are missing or have another size.
    ///
    /// # Errors
    /// If the bytes cannot be read or written.
    fn copy(&mut self, files: &[(StoredFile, u64)]) -> io::Result<Vec<StoredFile>>;

    /// Removes the copies of other files, makes these durable and gives them their name.
    ///
    /// # Errors
    /// If that fails.
    fn publish(&mut self, files: &HashSet<StoredFile>) -> io::Result<()>;

    /// Removes the copies after a failure, published or not.
    fn abandon(&mut self);
}

/// Copies nothing: the bytes are in a service that is not on this machine.
#[derive(Clone, Copy, Debug)]
pub struct Elsewhere;

impl FileCopies for Elsewhere {
    fn begin(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn copy(&mut self, _: &[(StoredFile, u64)]) -> io::Result<Vec<StoredFile>> {
        Ok(Vec::new())
    }

    fn publish(&mut self, _: &HashSet<StoredFile>) -> io::Result<()> {
        Ok(())
    }

    fn abandon(&mut self) {}
}

/// The files of a database.
#[derive(Debug, Default)]
pub(crate) struct Named {
    pub(crate) files: HashSet<StoredFile>,
    pub(crate) bytes: u64,
    /// The files whose bytes are missing.
    pub(crate) missing: Vec<StoredFile>,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Binary)]
    id: Vec<u8>,
    #[diesel(sql_type = Binary)]
    customer_id: Vec<u8>,
    #[diesel(sql_type = BigInt)]
    size: i64,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// Copies the bytes of all files that a database names.
pub(crate) fn copy(
    conn: &mut SqliteConnection,
    copies: &mut dyn FileCopies,
) -> Result<Named, CopyError> {
    let failed = |error: diesel::result::Error| CopyError::Copy(error.into());
    let mut named = Named::default();
    if !has_files(conn).map_err(failed)? {
        return Ok(named);
    }
    let mut after = Vec::new();
    loop {
        let rows = page(conn, &after).map_err(failed)?;
        let Some(last) = rows.last() else {
            return Ok(named);
        };
        after.clone_from(&last.id);
        let files: Vec<(StoredFile, u64)> = rows.iter().map(file).collect::<Result<_, _>>()?;
        let missing = copies.copy(&files).map_err(CopyError::Files)?;
        named.missing.extend(missing);
        named.bytes += files.iter().map(|(_, size)| size).sum::<u64>();
        named.files.extend(files.iter().map(|(file, _)| *file));
    }
}

/// Returns whether the database has the table. One that an older version has written may lack it.
fn has_files(conn: &mut SqliteConnection) -> QueryResult<bool> {
    let sql = "SELECT COUNT(*) AS n FROM pragma_table_info('talk_files') WHERE name = 'sha256'";
    let Count { n } = diesel::sql_query(sql).get_result(conn)?;
    Ok(n > 0)
}

fn page(conn: &mut SqliteConnection, after: &[u8]) -> QueryResult<Vec<Row>> {
    let sql = "SELECT id, customer_id, size FROM talk_files WHERE id > ? ORDER BY id LIMIT ?";
    diesel::sql_query(sql)
        .bind::<Binary, _>(after)
        .bind::<BigInt, _>(PAGE)
        .load(conn)
}

fn file(row: &Row) -> Result<(StoredFile, u64), CopyError> {
    let id = |bytes: &[u8]| Uuid::from_slice(bytes).map_err(|error| CopyError::Copy(error.into()));
    let file = StoredFile {
        customer: id(&row.customer_id)?.into(),
        id: id(&row.id)?.into(),
    };
    Ok((file, u64::try_from(row.size).unwrap_or(0)))
}

/// Returns whether the database has no row of one of these files.
pub(crate) fn lacks_any(conn: &mut SqliteConnection, files: &[StoredFile]) -> QueryResult<bool> {
    for file in files {
        let sql = "SELECT COUNT(*) AS n FROM talk_files WHERE id = ?";
        let id = file.id.0.as_bytes().to_vec();
        let found = diesel::sql_query(sql).bind::<Binary, _>(id);
        let Count { n } = found.get_result(conn)?;
        if n == 0 {
            return Ok(true);
        }
    }
    Ok(false)
}
