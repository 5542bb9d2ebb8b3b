//! Access keys of the customer.

use diesel::prelude::*;
use talk_domain::identity::access_key::{AccessKey, AccessKeyQueries, AccessKeyRepository};
use talk_domain::kernel::id::{AccessKeyId, AgentId};
use talk_domain::kernel::page::{Cursor, Page, PageRequest};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::time::Timestamp;

use crate::connection::MultiBackend;
use crate::error::fault;
use crate::portable::deadline::talk_in_time;
use crate::portable::paging::{behind, one_page};
use crate::portable::rows::access_key::AccessKeyRow;
use crate::portable::rows::bytes;
use crate::portable::schema::access_keys;
use crate::portable::scope::{Scope, all, changed};

impl AccessKeyRepository for Scope<'_> {
    fn get(&mut self, id: AccessKeyId) -> Result<Option<AccessKey>, StoreError> {
        let row = access_keys::table
            .filter(access_keys::id.eq(bytes(id.0)))
            .filter(access_keys::customer_id.eq(self.customer()))
            .select(AccessKeyRow::as_select())
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        row.map(AccessKey::try_from).transpose()
    }

    fn insert(&mut self, key: &AccessKey) -> Result<(), StoreError> {
        self.cache.invalidate_keys();
        self.assert_same_customer(key.customer)?;
        diesel::insert_into(access_keys::table)
            .values(AccessKeyRow::from(key))
            .execute(self.changing())
            .map(drop)
            .map_err(fault)
    }

    fn update(&mut self, key: &AccessKey) -> Result<(), StoreError> {
        self.cache.invalidate_keys();
        let known = access_keys::table
            .filter(access_keys::id.eq(bytes(key.id.0)))
            .filter(access_keys::customer_id.eq(self.customer()));
        let rows = diesel::update(known)
            .set((
                access_keys::updated_at.eq(key.updated.as_micros()),
                access_keys::deleted_at.eq(key.deleted.map(Timestamp::as_micros)),
            ))
            .execute(self.changing())
            .map_err(fault)?;
        changed(rows)
    }

    fn end_all(&mut self, agent: AgentId, at: Timestamp) -> Result<(), StoreError> {
        self.cache.invalidate_keys();
        let live = access_keys::table
            .filter(access_keys::agent_id.eq(bytes(agent.0)))
            .filter(access_keys::customer_id.eq(self.customer()))
            .filter(access_keys::deleted_at.is_null());
        diesel::update(live)
            .set((
                access_keys::updated_at.eq(at.as_micros()),
                access_keys::deleted_at.eq(Some(at.as_micros())),
            ))
            .execute(self.changing())
            .map(drop)
            .map_err(fault)
    }

    fn remove_some(&mut self, agent: AgentId, limit: u32) -> Result<bool, StoreError> {
        self.cache.invalidate_keys();
        let next: Vec<Vec<u8>> = access_keys::table
            .filter(access_keys::agent_id.eq(bytes(agent.0)))
            .filter(access_keys::customer_id.eq(self.customer()))
            .limit(i64::from(limit))
            .select(access_keys::id)
            .load(self.conn)
            .map_err(fault)?;
        if next.is_empty() {
            return Ok(false);
        }
        self.cache.mark_erased();
        let removed = access_keys::table.filter(access_keys::id.eq_any(&next));
        diesel::delete(removed)
            .execute(self.changing())
            .map_err(fault)?;
        Ok(next.len() >= limit as usize)
    }
}

impl AccessKeyQueries for Scope<'_> {
    fn page(
        &mut self,
        agent: AgentId,
        request: PageRequest,
    ) -> Result<Page<AccessKey>, StoreError> {
        let query = access_keys::table
            .filter(talk_in_time())
            .filter(access_keys::agent_id.eq(bytes(agent.0)))
            .filter(access_keys::customer_id.eq(self.customer()))
            .filter(access_keys::deleted_at.is_null())
            .select(AccessKeyRow::as_select())
            .into_boxed::<MultiBackend>();
        let query = behind!(query, request, access_keys::created_at, access_keys::id);
        let rows = one_page!(query, request, access_keys::created_at, access_keys::id)
            .load(self.conn)
            .map_err(fault)?;
        Ok(Page::cut(all(rows)?, request.size, |key: &AccessKey| {
            Cursor {
                at: key.created,
                id: Some(key.id.0),
            }
        }))
    }
}
