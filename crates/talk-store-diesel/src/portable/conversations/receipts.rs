//! Requests of providers to accounts of the customer.

use conversation_domain::model::receipt::{
    Arrived, Receipt, ReceiptQueries, ReceiptRepository, ReceiptState,
};
use diesel::prelude::*;
use talk_domain::kernel::id::{AccountId, ReceiptId};
use talk_domain::kernel::page::{Cursor, Page, PageRequest};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::time::Timestamp;

use crate::connection::MultiBackend;
use crate::error::{corrupt, fault};
use crate::portable::conversations::schema::accounts;
use crate::portable::conversations::schema::receipts::{self, dsl};
use crate::portable::deadline::talk_in_time;
use crate::portable::paging::{behind, one_page};
use crate::portable::rows::{at, bytes, id};
use crate::portable::scope::{Scope, all, changed};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = receipts, treat_none_as_default_value = false)]
struct ReceiptRow {
    id: Vec<u8>,
    customer_id: Vec<u8>,
    account_id: Vec<u8>,
    event: String,
    body: Vec<u8>,
    state: String,
    error: String,
    waiting_since: Option<i64>,
    created_at: i64,
    segment_of: Option<String>,
}

impl From<&Receipt> for ReceiptRow {
    fn from(receipt: &Receipt) -> Self {
        let created_at = receipt.created.as_micros();
        Self {
            id: bytes(receipt.id.0),
            customer_id: bytes(receipt.customer.0),
            account_id: bytes(receipt.account.0),
            event: receipt.event.clone(),
            body: receipt.body.clone(),
            state: receipt.state.as_str().to_owned(),
            error: receipt.error.clone(),
            waiting_since: receipt.due().map(Timestamp::as_micros),
            created_at,
            segment_of: receipt.segment_of.clone(),
        }
    }
}

impl TryFrom<ReceiptRow> for Receipt {
    type Error = StoreError;

    fn try_from(row: ReceiptRow) -> Result<Self, StoreError> {
        let state = ReceiptState::parse(&row.state);
        Ok(Self {
            id: id(&row.id)?,
            customer: id(&row.customer_id)?,
            account: id(&row.account_id)?,
            event: row.event,
            body: row.body,
            state: state.ok_or_else(|| corrupt("an unknown state of a receipt"))?,
            error: row.error,
            segment_of: row.segment_of,
            created: at(row.created_at)?,
        })
    }
}

impl ReceiptRepository for Scope<'_> {
    fn get(&mut self, id: ReceiptId) -> Result<Option<Receipt>, StoreError> {
        let row = receipts::table
            .filter(dsl::id.eq(bytes(id.0)))
            .filter(dsl::customer_id.eq(self.customer()))
            .select(ReceiptRow::as_select())
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        row.map(Receipt::try_from).transpose()
    }

    fn insert(&mut self, receipt: &Receipt) -> Result<bool, StoreError> {
        self.assert_same_customer(receipt.customer)?;
        let row = ReceiptRow::from(receipt);
        self.insert_if_absent(|conn| {
            diesel::insert_into(receipts::table)
                .values(row)
                .execute(conn)
        })
    }

    fn has_between(
        &mut self,
        account: AccountId,
        from: &str,
        until: &str,
    ) -> Result<bool, StoreError> {
        let found: Option<Vec<u8>> = receipts::table
            .filter(dsl::account_id.eq(bytes(account.0)))
            .filter(dsl::customer_id.eq(self.customer()))
            .filter(dsl::event.between(from, until))
            .select(dsl::id)
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        Ok(found.is_some())
    }

    fn update(&mut self, receipt: &Receipt) -> Result<(), StoreError> {
        let row = ReceiptRow::from(receipt);
        let known = receipts::table
            .filter(dsl::id.eq(row.id))
            .filter(dsl::customer_id.eq(self.customer()));
        let rows = diesel::update(known)
            .set((
                dsl::body.eq(row.body),
                dsl::state.eq(row.state),
                dsl::error.eq(row.error),
                dsl::waiting_since.eq(row.waiting_since),
                dsl::segment_of.eq(row.segment_of),
            ))
            .execute(self.changing())
            .map_err(fault)?;
        changed(rows)
    }

    fn expire(&mut self, before: Timestamp, limit: u32) -> Result<bool, StoreError> {
        let all: Vec<Vec<u8>> = accounts::table
            .select(accounts::id)
            .load(self.conn)
            .map_err(fault)?;
        for account in all {
            let old: Vec<Vec<u8>> = receipts::table
                .filter(dsl::account_id.eq(account))
                .filter(dsl::created_at.lt(before.as_micros()))
                .filter(dsl::waiting_since.is_null())
                .order(dsl::created_at.asc())
                .limit(i64::from(limit))
                .select(dsl::id)
                .load(self.conn)
                .map_err(fault)?;
            if !old.is_empty() {
                diesel::delete(receipts::table.filter(dsl::id.eq_any(&old)))
                    .execute(self.changing())
                    .map_err(fault)?;
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl ReceiptQueries for Scope<'_> {
    fn arrived(&mut self, now: Timestamp, limit: u32) -> Result<Vec<Arrived>, StoreError> {
        let rows: Vec<(Vec<u8>, Vec<u8>)> = receipts::table
            .filter(dsl::waiting_since.le(now.as_micros()))
            .select((dsl::account_id, dsl::customer_id))
            .distinct()
            .limit(i64::from(limit))
            .load(self.conn)
            .map_err(fault)?;
        let rows = rows.iter().map(|(account, customer)| {
            Ok(Arrived {
                customer: id(customer)?,
                account: id(account)?,
            })
        });
        rows.collect()
    }

    fn waiting(
        &mut self,
        account: AccountId,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Receipt>, StoreError> {
        let rows = receipts::table
            .filter(dsl::account_id.eq(bytes(account.0)))
            .filter(dsl::customer_id.eq(self.customer()))
            .filter(dsl::waiting_since.le(now.as_micros()))
            .order((dsl::waiting_since.asc(), dsl::id.asc()))
            .limit(i64::from(limit))
            .select(ReceiptRow::as_select())
            .load(self.conn)
            .map_err(fault)?;
        all(rows)
    }

    fn segments(
        &mut self,
        account: AccountId,
        message: &str,
        limit: u32,
    ) -> Result<Vec<Receipt>, StoreError> {
        let rows = receipts::table
            .filter(dsl::account_id.eq(bytes(account.0)))
            .filter(dsl::customer_id.eq(self.customer()))
            .filter(dsl::segment_of.eq(message))
            .filter(dsl::waiting_since.is_not_null())
            .order((dsl::created_at.asc(), dsl::id.asc()))
            .limit(i64::from(limit))
            .select(ReceiptRow::as_select())
            .load(self.conn)
            .map_err(fault)?;
        all(rows)
    }

    fn page(
        &mut self,
        account: AccountId,
        state: Option<ReceiptState>,
        request: PageRequest,
    ) -> Result<Page<Receipt>, StoreError> {
        let mut query = receipts::table
            .filter(talk_in_time())
            .filter(dsl::account_id.eq(bytes(account.0)))
            .filter(dsl::customer_id.eq(self.customer()))
            .select((
                dsl::id,
                dsl::account_id,
                dsl::event,
                dsl::state,
                dsl::error,
                dsl::created_at,
            ))
            .into_boxed::<MultiBackend>();
        if let Some(state) = state {
            query = query.filter(dsl::state.eq(state.as_str()));
        }
        let query = behind!(query, request, dsl::created_at, dsl::id);
        let rows: Vec<ListedRow> = one_page!(query, request, dsl::created_at, dsl::id)
            .load(self.conn)
            .map_err(fault)?;
        let rows = rows.into_iter().map(|row| listed(self.customer(), row));
        let rows: Result<Vec<_>, StoreError> = rows.collect();
        Ok(Page::cut(rows?, request.size, |receipt: &Receipt| Cursor {
            at: receipt.created,
            id: Some(receipt.id.0),
        }))
    }
}

type ListedRow = (Vec<u8>, Vec<u8>, String, String, String, i64);

/// A receipt without its body.
fn listed(
    customer_id: Vec<u8>,
    (id, account_id, event, state, error, created_at): ListedRow,
) -> Result<Receipt, StoreError> {
    Receipt::try_from(ReceiptRow {
        id,
        customer_id,
        account_id,
        event,
        body: Vec::new(),
        state,
        error,
        waiting_since: None,
        created_at,
        segment_of: None,
    })
}
