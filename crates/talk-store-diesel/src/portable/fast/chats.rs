//! The table of chats behind the cache of a batch.
//!
//! Every event changes its chat's row. The repositories change the cached chat instead, and the row
//! is written once for all events of the batch. Only this file names the table, so that no query
//! reads a stale row of a cached chat.

use diesel::prelude::*;
use talk_domain::kernel::id::ChatId;
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::model::chat::Chat;

use crate::connection::{AnyConnection, natively};
use crate::error::fault;
use crate::portable::fast::batch_cache::BatchCache;
use crate::portable::fast::prepared::{Value, prepared};
use crate::portable::rows::chat::{ChatRow, NewChatRow};
use crate::portable::rows::{bytes, seq};
use crate::portable::schema::chats;
use crate::portable::scope::{Scope, changed};

impl Scope<'_> {
    /// Returns the table of chats for a query, after flushing the cache.
    pub(crate) fn chats(&mut self) -> Result<chats::table, StoreError> {
        flush(self.conn, &mut self.cache)?;
        Ok(chats::table)
    }

    /// Finds a chat of the customer, in the cache or the table.
    pub(crate) fn chat(&mut self, id: ChatId) -> Result<Option<Chat>, StoreError> {
        if let Some(known) = self.cache.chat(id, self.customer) {
            return Ok(Some(known.clone()));
        }
        let query = chats::table
            .filter(chats::id.eq(bytes(id.0)))
            .filter(chats::customer_id.eq(self.customer()))
            .select(ChatRow::as_select());
        let row = natively!(self.conn, |conn| query.first(conn));
        let row = row.optional().map_err(fault)?;
        row.map(Chat::try_from).transpose()
    }

    /// Stores a chat of the customer: in the cache if it is cached, otherwise in the table.
    pub(crate) fn set_chat(&mut self, chat: &Chat) -> Result<(), StoreError> {
        if self.cache.change_chat(chat) {
            self.has_changed = true;
            return Ok(());
        }
        write_all(self.changing(), chat)?;
        self.cache.put_chat(chat);
        Ok(())
    }
}

/// Writes the dirty chats of the cache.
pub(crate) fn flush(conn: &mut AnyConnection, cache: &mut BatchCache) -> Result<(), StoreError> {
    cache.flush(|stored, chat| {
        if is_progress(stored, chat) {
            write_progress(conn, chat)
        } else {
            write_all(conn, chat)
        }
    })
}

/// Returns whether a chat differs from its row only in the columns of [`write_progress`]. Does not
/// compile if a field is left out.
fn is_progress(stored: &Chat, chat: &Chat) -> bool {
    let Chat {
        id,
        customer,
        kind,
        name,
        detail,
        creator,
        pair,
        created,
        deleted,
        status: _,
        member_count: _,
        last: _,
        log_start: _,
        updated: _,
    } = stored;
    *id == chat.id
        && *customer == chat.customer
        && *kind == chat.kind
        && *name == chat.name
        && *detail == chat.detail
        && *creator == chat.creator
        && *pair == chat.pair
        && *created == chat.created
        && *deleted == chat.deleted
}

/// Fast path: updates the columns that events change. They are in no index.
fn write_progress(conn: &mut AnyConnection, chat: &Chat) -> Result<(), StoreError> {
    let rows = prepared!(
        "UPDATE talk_chats SET status = ?, member_count = ?, last_seq = ?, last_at = ?, \
         log_start = ?, updated_at = ? WHERE id = ? AND customer_id = ?",
        [
            Value::Text(chat.status.as_str()),
            Value::Number(i64::from(chat.member_count)),
            Value::Number(seq(chat.last.seq)),
            Value::Number(chat.last.at.as_micros()),
            Value::Number(seq(chat.log_start)),
            Value::Number(chat.updated.as_micros()),
            Value::Bytes(chat.id.0.as_bytes()),
            Value::Bytes(chat.customer.0.as_bytes()),
        ]
    )
    .run(conn);
    changed(rows.map_err(fault)?)
}

/// Updates all columns of the row.
fn write_all(conn: &mut AnyConnection, chat: &Chat) -> Result<(), StoreError> {
    let known = chats::table
        .filter(chats::id.eq(bytes(chat.id.0)))
        .filter(chats::customer_id.eq(bytes(chat.customer.0)));
    let rows = diesel::update(known)
        .set(NewChatRow::from(chat))
        .execute(conn);
    changed(rows.map_err(fault)?)
}
