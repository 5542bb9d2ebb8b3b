//! Folds the texts of channels again, in steps, after the folding function has changed.
//!
//! The progress is stored in `talk_meta` under [`KEY`]: the version alone once it is done, before
//! that the version, `:` and the last chat's id in hexadecimal. Until it is done, a search folds
//! the texts itself.

use diesel::prelude::*;
use diesel::result::QueryResult;
use uuid::Uuid;

use super::terms::VERSION;
use super::unreadable;
use crate::connection::AnyConnection;
use crate::portable::fast::prepared::{Value, prepared};
use crate::portable::schema::{chats, meta};
use crate::portable::search::search_key;

/// Key of the progress.
pub(super) const KEY: &str = "channels_folded";
/// Chats of one step.
const STEP: i64 = 64;

/// A chat that may be a channel.
#[derive(Queryable, Selectable)]
#[diesel(table_name = chats)]
struct Folded {
    id: Vec<u8>,
    channel_of: Option<Vec<u8>>,
    name: String,
    detail: String,
}

/// Stores that nothing is left to do if there are no channels.
pub(super) fn prepare(conn: &mut SqliteConnection) -> QueryResult<()> {
    let channel: Option<Vec<u8>> = chats::table
        .filter(chats::channel_of.is_not_null())
        .select(chats::id)
        .first(conn)
        .optional()?;
    if channel.is_some() {
        return Ok(());
    }
    diesel::replace_into(meta::table)
        .values((meta::key.eq(KEY), meta::value.eq(VERSION)))
        .execute(conn)
        .map(drop)
}

/// Returns whether channels are left to fold.
pub(crate) fn is_behind(conn: &mut AnyConnection) -> QueryResult<bool> {
    let stored: Option<String> = meta::table
        .filter(meta::key.eq(KEY))
        .select(meta::value)
        .first(conn)
        .optional()?;
    Ok(stored.as_deref() != Some(VERSION))
}

/// Folds the next channels and returns whether there are more. Must run in a transaction.
pub(super) fn advance(conn: &mut AnyConnection) -> QueryResult<bool> {
    let stored: Option<String> = meta::table
        .filter(meta::key.eq(KEY))
        .select(meta::value)
        .first(conn)
        .optional()?;
    let from = match stored.as_deref().map(|stored| stored.split_once(':')) {
        Some(None) if stored.as_deref() == Some(VERSION) => return Ok(false),
        Some(Some((VERSION, from))) => Some(Uuid::try_parse(from).map_err(unreadable)?),
        _ => None,
    };
    let from = from.map_or_else(Vec::new, |from| from.as_bytes().to_vec());
    let next: Vec<Folded> = chats::table
        .filter(chats::id.gt(from))
        .order(chats::id.asc())
        .limit(STEP)
        .select(Folded::as_select())
        .load(conn)?;
    for chat in next.iter().filter(|chat| chat.channel_of.is_some()) {
        let folded = search_key(&chat.name, &chat.detail);
        prepared!(
            "UPDATE talk_chats SET search_key = ? WHERE id = ?",
            [Value::Text(&folded), Value::Bytes(&chat.id)]
        )
        .run(conn)?;
    }
    let last = next
        .last()
        .filter(|_| i64::try_from(next.len()) == Ok(STEP));
    let last = last.map(|last| Uuid::from_slice(&last.id).map_err(unreadable));
    let last = last.transpose()?;
    let progress = match last {
        Some(last) => format!("{VERSION}:{}", last.simple()),
        None => VERSION.to_owned(),
    };
    prepared!(
        "REPLACE INTO talk_meta (key, value) VALUES (?, ?)",
        [Value::Text(KEY), Value::Text(&progress)]
    )
    .run(conn)?;
    Ok(last.is_some())
}
