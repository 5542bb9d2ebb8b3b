//! Removes messages from the index, so that no deleted text can be reconstructed from it.

use diesel::prelude::*;
use diesel::result::QueryResult;

use crate::connection::AnyConnection;
use crate::portable::fast::prepared::{Value, prepared};
use crate::sqlite::schema::search_gone;

/// Removes an entry and its terms: the first part now, which takes some milliseconds, the others by
/// the next steps. The entry refers to no message from now on, and can be reused once its last term
/// is removed.
pub(super) fn remove(
    conn: &mut AnyConnection,
    entry: i64,
    (now, later): (&str, &[String]),
) -> QueryResult<()> {
    remove_part(conn, entry, now)?;
    if later.is_empty() {
        return free(conn, entry);
    }
    prepared!(
        "UPDATE talk_search_entries SET serial = 0 WHERE entry = ?",
        [Value::Number(entry)]
    )
    .run(conn)?;
    for part in later {
        prepared!(
            "INSERT INTO talk_search_gone (entry, terms) VALUES (?, ?)",
            [Value::Number(entry), Value::Text(part)]
        )
        .run(conn)?;
    }
    Ok(())
}

/// Removes the next terms of removed entries. Returns `false` if there are none.
pub(super) fn go_on(conn: &mut AnyConnection) -> QueryResult<bool> {
    let next: Vec<(i64, i64, String)> = search_gone::table
        .filter(search_gone::id.gt(0))
        .order(search_gone::id.asc())
        .limit(2)
        .load(conn)?;
    let Some((id, entry, terms)) = next.first() else {
        return Ok(false);
    };
    remove_part(conn, *entry, terms)?;
    prepared!(
        "DELETE FROM talk_search_gone WHERE id = ?",
        [Value::Number(*id)]
    )
    .run(conn)?;
    if next.get(1).is_none_or(|(_, next, _)| next != entry) {
        free(conn, *entry)?;
    }
    Ok(true)
}

fn remove_part(conn: &mut AnyConnection, entry: i64, terms: &str) -> QueryResult<()> {
    prepared!(
        "INSERT INTO talk_search (talk_search, rowid, terms) VALUES ('delete', ?, ?)",
        [Value::Number(entry), Value::Text(terms)]
    )
    .run(conn)
    .map(drop)
}

fn free(conn: &mut AnyConnection, entry: i64) -> QueryResult<()> {
    prepared!(
        "DELETE FROM talk_search_entries WHERE entry = ?",
        [Value::Number(entry)]
    )
    .run(conn)
    .map(drop)
}
