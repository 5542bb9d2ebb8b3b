//! Chats of the customer.

use diesel::prelude::*;
use talk_domain::chat::{Chat, ChatFilter, ChatQueries, ChatRepository, DirectPair};
use talk_domain::fold::fold_needle;
use talk_domain::id::{AgentId, ChatId};
use talk_domain::page::{Cursor, Page, PageRequest};
use talk_domain::store::StoreError;
use talk_domain::time::Timestamp;

use crate::error::fault;
use crate::portable::connection::{AnyConnection, MultiBackend, natively};
use crate::portable::deadline::talk_in_time;
use crate::portable::fast::memory::Memory;
use crate::portable::fast::prepared::{Value, prepared};
use crate::portable::paging::{behind, one_page};
use crate::portable::rows::chat::{
    ChatRow, NewChatRow, channel_of, current_direct_key, direct_key, searched_by,
};
use crate::portable::rows::{bytes, id, seq};
use crate::portable::schema::{chats, participants};
use crate::portable::scope::{Scope, all, changed};

impl Scope<'_> {
    pub(crate) fn chat(&mut self, id: ChatId) -> Result<Option<Chat>, StoreError> {
        let query = chats::table
            .filter(chats::id.eq(bytes(id.0)))
            .filter(chats::customer_id.eq(self.customer()))
            .select(ChatRow::as_select());
        let row = natively!(self.conn, |conn| query.first(conn));
        let row = row.optional().map_err(fault)?;
        row.map(Chat::try_from).transpose()
    }

    /// Whether the stored card may differ: name, detail and life are what lists and searches read.
    fn changes_card(&self, chat: &Chat) -> bool {
        let known = self.memory.chat(chat.id, self.customer);
        known.is_none_or(|known| {
            known.name != chat.name || known.detail != chat.detail || known.deleted != chat.deleted
        })
    }

    /// Stores what lists and searches read; rare, and it touches indexes.
    fn update_card(&mut self, chat: &Chat) -> Result<(), StoreError> {
        let known = chats::table
            .filter(chats::id.eq(bytes(chat.id.0)))
            .filter(chats::customer_id.eq(self.customer()));
        let rows = diesel::update(known)
            .set((
                chats::name.eq(&chat.name),
                chats::detail.eq(&chat.detail),
                chats::direct_key.eq(current_direct_key(chat)),
                chats::channel_of.eq(channel_of(chat)),
                chats::search_key.eq(searched_by(chat)),
                chats::deleted_at.eq(chat.deleted.map(Timestamp::as_micros)),
            ))
            .execute(self.changing())
            .map_err(fault)?;
        changed(rows)
    }
}

/// Stores what every event changed of the chats in `memory`.
pub(crate) fn write_progress(
    conn: &mut AnyConnection,
    memory: &mut Memory,
) -> Result<(), StoreError> {
    memory.behind().try_for_each(|chat| {
        changed(
            prepared!(
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
            .run(conn)
            .map_err(fault)?,
        )
    })
}

impl ChatRepository for Scope<'_> {
    // On SQLite there is one writer: its transaction is the lock.
    fn lock(&mut self, id: ChatId) -> Result<Option<Chat>, StoreError> {
        if let Some(known) = self.memory.chat(id, self.customer) {
            return Ok(Some(known.clone()));
        }
        let found = self.chat(id)?;
        Ok(found.inspect(|chat| self.memory.remember(chat)))
    }

    fn lock_direct(&mut self, pair: DirectPair) -> Result<Option<Chat>, StoreError> {
        let found: Option<Vec<u8>> = chats::table
            .filter(chats::direct_key.eq(direct_key(pair)))
            .filter(chats::customer_id.eq(self.customer()))
            .select(chats::id)
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        match found {
            Some(chat) => self.lock(id(&chat)?),
            None => Ok(None),
        }
    }

    fn insert(&mut self, chat: &Chat) -> Result<bool, StoreError> {
        self.own(chat.customer)?;
        let row = NewChatRow::from(chat);
        let inserted = self
            .insert_if_absent(|conn| diesel::insert_into(chats::table).values(row).execute(conn))?;
        if inserted {
            self.memory.remember(chat);
        }
        Ok(inserted)
    }

    fn update(&mut self, chat: &Chat) -> Result<(), StoreError> {
        self.own(chat.customer)?;
        if self.changes_card(chat) {
            self.update_card(chat)?;
        }
        self.has_changed = true;
        self.memory.advance(chat);
        Ok(())
    }
}

pub(crate) fn place(chat: &Chat) -> Cursor {
    Cursor {
        at: chat.created,
        id: Some(chat.id.0),
    }
}

impl ChatQueries for Scope<'_> {
    fn get(&mut self, id: ChatId) -> Result<Option<Chat>, StoreError> {
        self.chat(id)
    }

    fn of_agent(
        &mut self,
        agent: AgentId,
        filter: ChatFilter,
        request: PageRequest,
    ) -> Result<Page<Chat>, StoreError> {
        let mut query = participants::table
            .inner_join(chats::table.on(chats::id.eq(participants::chat_id)))
            .filter(talk_in_time())
            .filter(participants::agent_id.eq(bytes(agent.0)))
            .filter(participants::customer_id.eq(self.customer()))
            .filter(chats::deleted_at.is_null())
            .select(ChatRow::as_select())
            .into_boxed::<MultiBackend>();
        if let Some(kind) = filter.kind {
            query = query.filter(chats::kind.eq(kind.as_str()));
        }
        if let Some(status) = filter.status {
            query = query.filter(chats::status.eq(status.as_str()));
        }
        let (at, id) = (participants::chat_created_at, participants::chat_id);
        let query = behind!(query, request, at, id);
        let rows = one_page!(query, request, at, id)
            .load(self.conn)
            .map_err(fault)?;
        Ok(Page::cut(all(rows)?, request.size, place))
    }

    fn channels(&mut self, search: &str, request: PageRequest) -> Result<Page<Chat>, StoreError> {
        let needle = fold_needle(search);
        if !needle.is_empty() {
            return self.channels_containing(&needle, request);
        }
        let query = chats::table
            .filter(chats::channel_of.eq(self.customer()))
            .select(ChatRow::as_select())
            .into_boxed::<MultiBackend>();
        let query = behind!(query, request, chats::created_at, chats::id);
        let rows = one_page!(query, request, chats::created_at, chats::id)
            .load(self.conn)
            .map_err(fault)?;
        Ok(Page::cut(all(rows)?, request.size, place))
    }
}
