//! Decisions of intercepts.

use diesel::prelude::*;
use talk_domain::hooks::decision::{Decision, DecisionQueries, DecisionRepository, Verdict};
use talk_domain::hooks::intercept::Point;
use talk_domain::kernel::id::{AgentId, DecisionId};
use talk_domain::kernel::page::{Cursor, Page, PageRequest};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::time::Timestamp;

use crate::connection::MultiBackend;
use crate::error::fault;
use crate::portable::deadline::talk_in_time;
use crate::portable::paging::{behind, one_page};
use crate::portable::rows::bytes;
use crate::portable::rows::intercept::DecisionRow;
use crate::portable::schema::{decisions, intercepts};
use crate::portable::scope::{Scope, all, changed};

impl Scope<'_> {
    fn remove_decisions(&mut self, ids: &[Vec<u8>]) -> Result<bool, StoreError> {
        if ids.is_empty() {
            return Ok(false);
        }
        let gone = decisions::table.filter(decisions::id.eq_any(ids));
        diesel::delete(gone)
            .execute(self.changing())
            .map_err(fault)?;
        Ok(true)
    }
}

impl DecisionRepository for Scope<'_> {
    fn get(&mut self, id: DecisionId) -> Result<Option<Decision>, StoreError> {
        let row = decisions::table
            .filter(decisions::id.eq(bytes(id.0)))
            .filter(decisions::customer_id.eq(self.customer()))
            .select(DecisionRow::as_select())
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        row.map(Decision::try_from).transpose()
    }

    fn find(&mut self, actor: AgentId, key: &str) -> Result<Option<Decision>, StoreError> {
        let row = decisions::table
            .filter(decisions::actor_id.eq(bytes(actor.0)))
            .filter(decisions::idempotency_key.eq(key))
            .filter(decisions::customer_id.eq(self.customer()))
            .select(DecisionRow::as_select())
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        row.map(Decision::try_from).transpose()
    }

    fn insert(&mut self, decision: &Decision) -> Result<(), StoreError> {
        self.assert_same_customer(decision.customer)?;
        diesel::insert_into(decisions::table)
            .values(DecisionRow::from(decision))
            .execute(self.changing())
            .map(drop)
            .map_err(fault)
    }

    fn update(&mut self, decision: &Decision) -> Result<(), StoreError> {
        let known = decisions::table
            .filter(decisions::id.eq(bytes(decision.id.0)))
            .filter(decisions::customer_id.eq(self.customer()));
        let rows = diesel::update(known)
            .set(DecisionRow::from(decision))
            .execute(self.changing())
            .map_err(fault)?;
        changed(rows)
    }

    fn expire(&mut self, before: Timestamp, limit: u32) -> Result<bool, StoreError> {
        let old: Vec<Vec<u8>> = decisions::table
            .filter(decisions::created_at.lt(before.as_micros()))
            .order(decisions::created_at.asc())
            .limit(i64::from(limit))
            .select(decisions::id)
            .load(self.conn)
            .map_err(fault)?;
        self.remove_decisions(&old)
    }

    fn remove_all(&mut self, limit: u32) -> Result<bool, StoreError> {
        let some: Vec<Vec<u8>> = decisions::table
            .filter(decisions::customer_id.eq(self.customer()))
            .limit(i64::from(limit))
            .select(decisions::id)
            .load(self.conn)
            .map_err(fault)?;
        if self.remove_decisions(&some)? {
            return Ok(true);
        }
        let own = intercepts::table.filter(intercepts::customer_id.eq(self.customer()));
        let removed = diesel::delete(own)
            .execute(self.changing())
            .map_err(fault)?;
        Ok(removed > 0)
    }
}

impl DecisionQueries for Scope<'_> {
    fn page(&mut self, point: Point, request: PageRequest) -> Result<Page<Decision>, StoreError> {
        let query = decisions::table
            .filter(talk_in_time())
            .filter(decisions::customer_id.eq(self.customer()))
            .filter(decisions::point.eq(point.as_str()))
            .filter(decisions::verdict.ne(Verdict::Pending.as_str()))
            .select(DecisionRow::as_select())
            .into_boxed::<MultiBackend>();
        let query = behind!(query, request, decisions::created_at, decisions::id);
        let rows = one_page!(query, request, decisions::created_at, decisions::id)
            .load(self.conn)
            .map_err(fault)?;
        Ok(Page::cut(all(rows)?, request.size, |one: &Decision| {
            Cursor {
                at: one.created,
                id: Some(one.id.0),
            }
        }))
    }
}
