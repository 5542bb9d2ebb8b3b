//! Held messages of the customer.

use diesel::prelude::*;
use talk_domain::kernel::id::{AgentId, ChatId, DecisionId};
use talk_domain::kernel::page::{Cursor, Page, PageRequest};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::time::Timestamp;
use talk_domain::talk::model::held::{HeldMessage, HeldQueries, HeldRepository};

use crate::connection::MultiBackend;
use crate::error::fault;
use crate::portable::deadline::talk_in_time;
use crate::portable::paging::{behind, one_page};
use crate::portable::rows::intercept::HeldRow;
use crate::portable::rows::{bytes, number};
use crate::portable::schema::held_messages;
use crate::portable::scope::{Scope, all};

impl Scope<'_> {
    fn remove_held(&mut self, ids: &[Vec<u8>]) -> Result<bool, StoreError> {
        if ids.is_empty() {
            return Ok(false);
        }
        self.cache.mark_erased();
        let gone = held_messages::table.filter(held_messages::id.eq_any(ids));
        diesel::delete(gone)
            .execute(self.changing())
            .map_err(fault)?;
        Ok(true)
    }
}

impl HeldRepository for Scope<'_> {
    fn get(&mut self, id: DecisionId) -> Result<Option<HeldMessage>, StoreError> {
        let row = held_messages::table
            .filter(held_messages::id.eq(bytes(id.0)))
            .filter(held_messages::customer_id.eq(self.customer()))
            .select(HeldRow::as_select())
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        row.map(HeldMessage::try_from).transpose()
    }

    fn insert(&mut self, held: &HeldMessage) -> Result<(), StoreError> {
        self.assert_same_customer(held.customer)?;
        diesel::insert_into(held_messages::table)
            .values(HeldRow::try_from(held)?)
            .execute(self.changing())
            .map(drop)
            .map_err(fault)
    }

    fn remove(&mut self, id: DecisionId) -> Result<(), StoreError> {
        self.cache.mark_erased();
        let known = held_messages::table
            .filter(held_messages::id.eq(bytes(id.0)))
            .filter(held_messages::customer_id.eq(self.customer()));
        diesel::delete(known)
            .execute(self.changing())
            .map(drop)
            .map_err(fault)
    }

    fn count(&mut self, author: AgentId) -> Result<(usize, usize), StoreError> {
        let of_customer =
            held_messages::table.filter(held_messages::customer_id.eq(self.customer()));
        let of_author = of_customer
            .clone()
            .filter(held_messages::author_id.eq(bytes(author.0)));
        let author: i64 = of_author.count().get_result(self.conn).map_err(fault)?;
        let customer: i64 = of_customer.count().get_result(self.conn).map_err(fault)?;
        Ok((number(author)?, number(customer)?))
    }

    fn remove_of(&mut self, author: AgentId) -> Result<(), StoreError> {
        let ids: Vec<Vec<u8>> = held_messages::table
            .filter(held_messages::author_id.eq(bytes(author.0)))
            .filter(held_messages::customer_id.eq(self.customer()))
            .select(held_messages::id)
            .load(self.conn)
            .map_err(fault)?;
        self.remove_held(&ids).map(drop)
    }

    fn remove_in(&mut self, chat: ChatId) -> Result<(), StoreError> {
        let ids: Vec<Vec<u8>> = held_messages::table
            .filter(held_messages::customer_id.eq(self.customer()))
            .filter(held_messages::chat_id.eq(bytes(chat.0)))
            .select(held_messages::id)
            .load(self.conn)
            .map_err(fault)?;
        self.remove_held(&ids).map(drop)
    }

    fn expire(&mut self, before: Timestamp, limit: u32) -> Result<bool, StoreError> {
        let old: Vec<Vec<u8>> = held_messages::table
            .filter(held_messages::created_at.lt(before.as_micros()))
            .order(held_messages::created_at.asc())
            .limit(i64::from(limit))
            .select(held_messages::id)
            .load(self.conn)
            .map_err(fault)?;
        self.remove_held(&old)
    }

    fn remove_all(&mut self, limit: u32) -> Result<bool, StoreError> {
        let some: Vec<Vec<u8>> = held_messages::table
            .filter(held_messages::customer_id.eq(self.customer()))
            .limit(i64::from(limit))
            .select(held_messages::id)
            .load(self.conn)
            .map_err(fault)?;
        self.remove_held(&some)
    }
}

impl HeldQueries for Scope<'_> {
    fn page(&mut self, request: PageRequest) -> Result<Page<HeldMessage>, StoreError> {
        let query = held_messages::table
            .filter(talk_in_time())
            .filter(held_messages::customer_id.eq(self.customer()))
            .select(HeldRow::as_select())
            .into_boxed::<MultiBackend>();
        let query = behind!(query, request, held_messages::created_at, held_messages::id);
        let rows = one_page!(query, request, held_messages::created_at, held_messages::id)
            .load(self.conn)
            .map_err(fault)?;
        Ok(Page::cut(all(rows)?, request.size, |held: &HeldMessage| {
            Cursor {
                at: held.created,
                id: Some(held.id.0),
            }
        }))
    }
}
