//! Chats of the customer.

use diesel::prelude::*;
use talk_domain::kernel::fold::fold_needle;
use talk_domain::kernel::id::{AgentId, ChatId};
use talk_domain::kernel::page::{Cursor, Page, PageRequest};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::model::chat::{Chat, ChatFilter, ChatQueries, ChatRepository, DirectPair};

use crate::connection::MultiBackend;
use crate::error::fault;
use crate::portable::backend::Backend;
use crate::portable::deadline::talk_in_time;
use crate::portable::paging::{behind, one_page};
use crate::portable::rows::chat::{ChatRow, NewChatRow, direct_key};
use crate::portable::rows::{bytes, id};
use crate::portable::schema::{chats, participants};
use crate::portable::scope::{Scope, all};

impl ChatRepository for Scope<'_> {
    // SQLite has a single writer, so its transaction is the lock.
    fn lock(&mut self, id: ChatId) -> Result<Option<Chat>, StoreError> {
        let found = self.chat(id)?;
        Ok(found.inspect(|chat| self.cache.put_chat(chat)))
    }

    fn lock_direct(&mut self, pair: DirectPair) -> Result<Option<Chat>, StoreError> {
        let found: Option<Vec<u8>> = self
            .chats()?
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
        self.assert_same_customer(chat.customer)?;
        let row = NewChatRow::from(chat);
        let chats = self.chats()?;
        let inserted =
            self.insert_if_absent(|conn| diesel::insert_into(chats).values(row).execute(conn))?;
        if inserted {
            self.cache.put_chat(chat);
        }
        Ok(inserted)
    }

    fn update(&mut self, chat: &Chat) -> Result<(), StoreError> {
        self.assert_same_customer(chat.customer)?;
        self.set_chat(chat)
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
            .inner_join(self.chats()?.on(chats::id.eq(participants::chat_id)))
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
            return self.search_channels(&needle, request);
        }
        let query = self
            .chats()?
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
