//! The search index on SQLite: an FTS5 table of [terms], advanced in steps.
//!
//! A message is not indexed when it is written: that would cost more than writing it, and FTS5
//! writes what it has at every savepoint. It is indexed later together with others, in a
//! transaction of its own (see [`crate::sqlite::writer::indexer`]). The progress is stored in the
//! same transaction, and a search compares the messages after it one by one, on the same snapshot.
//! So results never depend on the progress of the index.

pub(crate) mod channels;
mod removal;
pub(crate) mod terms;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::{Error, QueryResult};

use crate::connection::AnyConnection;
use crate::portable::fast::prepared::{Value, prepared};
use crate::portable::schema::meta;
use crate::sqlite::schema::{messages, search_again, search_entries, search_gone};
use terms::{Terms, VERSION};

/// Messages indexed in one step: some milliseconds in which nothing else is written.
pub(crate) const STEP: usize = 256;
/// Bytes of text that end a step early.
const STEP_BYTES: usize = 32 * 1024;
/// Maximum of entries that share a time without its lowest bits.
const TIES: i64 = 1024;

/// The columns of a message that the index needs.
#[derive(Queryable, Selectable)]
#[diesel(table_name = messages)]
pub(crate) struct Indexed {
    serial: i64,
    customer_id: Vec<u8>,
    chat_id: Vec<u8>,
    author_id: Vec<u8>,
    system_kind: Option<String>,
    pub(crate) created_at: i64,
    /// Empty once deleted.
    pub(crate) text: String,
}

impl Indexed {
    fn is_found(&self) -> bool {
        self.system_kind.is_none() && !self.text.is_empty()
    }

    fn terms(&self) -> (String, Vec<String>) {
        Terms::of(&self.customer_id).of_message(&self.chat_id, &self.author_id, &self.text)
    }
}

/// Returns the range of entries that messages of this time can have.
pub(crate) const fn entries_at(created: i64) -> (i64, i64) {
    let first = created & !(TIES - 1);
    (first, first | (TIES - 1))
}

/// Empties an index of another version; the next steps fill it again.
pub(crate) fn prepare(conn: &mut SqliteConnection) -> QueryResult<()> {
    conn.immediate_transaction(|conn| {
        channels::prepare(conn)?;
        let version: Option<String> = meta::table
            .find("search_version")
            .select(meta::value)
            .first(conn)
            .optional()?;
        if version.as_deref() == Some(VERSION) {
            return Ok(());
        }
        conn.batch_execute(&format!(
            "INSERT INTO talk_search (talk_search) VALUES ('delete-all');
             DELETE FROM talk_search_entries;
             DELETE FROM talk_search_again;
             DELETE FROM talk_search_gone;
             REPLACE INTO talk_meta VALUES ('search_version', '{VERSION}'), ('search_upto', '0');"
        ))
    })
}

/// Returns the serial number up to which messages are indexed.
pub(crate) fn reached(conn: &mut AnyConnection) -> QueryResult<i64> {
    let stored: Option<String> = meta::table
        .filter(meta::key.eq("search_upto"))
        .select(meta::value)
        .first(conn)
        .optional()?;
    stored.map_or(Ok(0), |stored| stored.parse().map_err(unreadable))
}

/// Creates the error of a stored value that cannot be read.
fn unreadable(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::DeserializationError(Box::new(error))
}

/// Returns messages that were removed from the index by an edit, by their numbers after `from`.
pub(crate) fn edited(conn: &mut AnyConnection, from: i64, limit: i64) -> QueryResult<Vec<i64>> {
    search_again::table
        .filter(search_again::serial.gt(from))
        .order(search_again::serial.asc())
        .limit(limit)
        .select(search_again::serial)
        .load(conn)
}

/// Returns whether there is something to index.
pub(crate) fn is_behind(conn: &mut AnyConnection) -> QueryResult<bool> {
    let from = reached(conn)?;
    let next: Option<i64> = messages::table
        .filter(messages::serial.gt(from))
        .select(messages::serial)
        .first(conn)
        .optional()?;
    let gone: Option<i64> = search_gone::table
        .select(search_gone::id)
        .first(conn)
        .optional()?;
    Ok(next.is_some()
        || gone.is_some()
        || !edited(conn, i64::MIN, 1)?.is_empty()
        || channels::is_behind(conn)?)
}

/// Indexes the next messages and returns whether there are more. Must run in a transaction.
pub(crate) fn advance(conn: &mut AnyConnection) -> QueryResult<bool> {
    let limit = i64::try_from(STEP).unwrap_or(i64::MAX);
    let from = reached(conn)?;
    let next: Vec<Indexed> = messages::table
        .filter(messages::serial.gt(from))
        .order(messages::serial.asc())
        .limit(limit)
        .select(Indexed::as_select())
        .load(conn)?;
    let mut bytes = 0;
    let mut last = None;
    let mut passed = 0;
    for message in &next {
        if message.is_found() && !add(conn, message)? {
            put_again(conn, message.serial)?;
        }
        (last, passed) = (Some(message.serial), passed + 1);
        bytes += message.text.len();
        if bytes >= STEP_BYTES {
            break;
        }
    }
    if let Some(last) = last {
        pass(conn, last)?;
    }
    let is_more = passed < next.len() || next.len() == STEP;
    let is_more = add_again(conn, limit)? || is_more;
    let is_more = channels::advance(conn)? || is_more;
    Ok(removal::go_on(conn)? || is_more)
}

/// Indexes edited messages and returns whether there may be more.
fn add_again(conn: &mut AnyConnection, limit: i64) -> QueryResult<bool> {
    let edited = edited(conn, i64::MIN, limit)?;
    if edited.is_empty() {
        return Ok(false);
    }
    let edited: Vec<Indexed> = messages::table
        .filter(messages::serial.eq_any(edited))
        .select(Indexed::as_select())
        .load(conn)?;
    let mut added = 0;
    for message in &edited {
        if add(conn, message)? {
            forget_again(conn, message.serial)?;
            added += 1;
        }
    }
    Ok(added == STEP)
}

/// Indexes one message. Returns `false` if a thousand others have the same time.
fn add(conn: &mut AnyConnection, message: &Indexed) -> QueryResult<bool> {
    let (first, last) = entries_at(message.created_at);
    let taken: Vec<i64> = search_entries::table
        .filter(search_entries::entry.between(first, last))
        .order(search_entries::entry.asc())
        .select(search_entries::entry)
        .load(conn)?;
    let free = (first..=last).zip(taken.iter().map(Some).chain(std::iter::repeat(None)));
    let Some((entry, _)) = free
        .into_iter()
        .find(|(entry, taken)| *taken != Some(entry))
    else {
        return Ok(false);
    };
    let (first, rest) = message.terms();
    for part in std::iter::once(&first).chain(&rest) {
        prepared!(
            "INSERT INTO talk_search (rowid, terms) VALUES (?, ?)",
            [Value::Number(entry), Value::Text(part)]
        )
        .run(conn)?;
    }
    prepared!(
        "INSERT INTO talk_search_entries (entry, serial) VALUES (?, ?)",
        [Value::Number(entry), Value::Number(message.serial)]
    )
    .run(conn)?;
    Ok(true)
}

/// Removes the old text of `message` from the index, if it is indexed. The new text is indexed by a
/// later step.
pub(crate) fn reword(
    conn: &mut AnyConnection,
    message: &Indexed,
    is_empty: bool,
) -> QueryResult<()> {
    if message.serial > reached(conn)? || message.system_kind.is_some() {
        return Ok(());
    }
    let (first, last) = entries_at(message.created_at);
    let entry: Option<i64> = search_entries::table
        .filter(search_entries::entry.between(first, last))
        .filter(search_entries::serial.eq(message.serial))
        .select(search_entries::entry)
        .first(conn)
        .optional()?;
    if let Some(entry) = entry {
        let (now, later) = message.terms();
        removal::remove(conn, entry, (&now, &later))?;
    }
    if is_empty {
        forget_again(conn, message.serial)
    } else {
        put_again(conn, message.serial)
    }
}

/// Lowers the stored progress after the messages with the highest numbers were removed: their
/// numbers are reused by messages that are not indexed yet.
pub(crate) fn reuse_numbers(conn: &mut AnyConnection) -> QueryResult<()> {
    let last: Option<i64> = messages::table
        .filter(messages::serial.gt(0))
        .order(messages::serial.desc())
        .select(messages::serial)
        .first(conn)
        .optional()?;
    let last = last.unwrap_or(0);
    if last >= reached(conn)? {
        return Ok(());
    }
    pass(conn, last)
}

/// Stores the serial number up to which messages are indexed.
fn pass(conn: &mut AnyConnection, last: i64) -> QueryResult<()> {
    prepared!(
        "UPDATE talk_meta SET value = ? WHERE key = 'search_upto'",
        [Value::Text(&last.to_string())]
    )
    .run(conn)
    .map(drop)
}

fn put_again(conn: &mut AnyConnection, serial: i64) -> QueryResult<()> {
    prepared!(
        "INSERT OR IGNORE INTO talk_search_again (serial) VALUES (?)",
        [Value::Number(serial)]
    )
    .run(conn)
    .map(drop)
}

fn forget_again(conn: &mut AnyConnection, serial: i64) -> QueryResult<()> {
    prepared!(
        "DELETE FROM talk_search_again WHERE serial = ?",
        [Value::Number(serial)]
    )
    .run(conn)
    .map(drop)
}

#[cfg(test)]
mod tests;
