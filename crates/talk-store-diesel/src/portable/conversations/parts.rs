//! Sent messages of the customer by the ids of providers.

use conversation_domain::model::message::Delivery;
use conversation_domain::model::part::{Part, PartRepository};
use diesel::prelude::*;
use talk_domain::kernel::id::{AccountId, ConversationMessageId};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::time::Timestamp;

use crate::error::{corrupt, fault};
use crate::portable::conversations::rows::failure;
use crate::portable::conversations::schema::message_parts::{self, dsl};
use crate::portable::rows::{at, bytes, id, optional_id};
use crate::portable::scope::{Scope, all, changed};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = message_parts, treat_none_as_default_value = false)]
struct PartRow {
    account_id: Vec<u8>,
    provider_id: String,
    customer_id: Vec<u8>,
    message_id: Option<Vec<u8>>,
    delivery: String,
    failure_code: Option<String>,
    failure_reason: Option<String>,
    is_permanent: i64,
    created_at: i64,
}

impl PartRow {
    fn new(customer_id: Vec<u8>, part: &Part) -> Self {
        let failure = part.failure.as_ref();
        Self {
            account_id: bytes(part.account.0),
            provider_id: part.provider_id.clone(),
            customer_id,
            message_id: part.message.map(|message| bytes(message.0)),
            delivery: part.delivery.as_str().to_owned(),
            failure_code: failure.map(|failure| failure.code.clone()),
            failure_reason: failure.map(|failure| failure.reason.clone()),
            is_permanent: failure.is_some_and(|failure| failure.is_permanent).into(),
            created_at: part.created.as_micros(),
        }
    }
}

impl TryFrom<PartRow> for Part {
    type Error = StoreError;

    fn try_from(row: PartRow) -> Result<Self, StoreError> {
        let delivery = Delivery::parse(&row.delivery);
        Ok(Self {
            account: id(&row.account_id)?,
            provider_id: row.provider_id,
            message: optional_id(row.message_id.as_deref())?,
            delivery: delivery.ok_or_else(|| corrupt("an unknown step of a delivery"))?,
            failure: failure(row.failure_code, row.failure_reason, row.is_permanent),
            created: at(row.created_at)?,
        })
    }
}

impl PartRepository for Scope<'_> {
    fn find(&mut self, account: AccountId, provider_id: &str) -> Result<Option<Part>, StoreError> {
        let row = message_parts::table
            .filter(dsl::account_id.eq(bytes(account.0)))
            .filter(dsl::provider_id.eq(provider_id))
            .filter(dsl::customer_id.eq(self.customer()))
            .select(PartRow::as_select())
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        row.map(Part::try_from).transpose()
    }

    fn of_message(&mut self, message: ConversationMessageId) -> Result<Vec<Part>, StoreError> {
        let rows = message_parts::table
            .filter(dsl::message_id.eq(bytes(message.0)))
            .filter(dsl::customer_id.eq(self.customer()))
            .select(PartRow::as_select())
            .load(self.conn)
            .map_err(fault)?;
        all(rows)
    }

    fn insert(&mut self, part: &Part) -> Result<(), StoreError> {
        let row = PartRow::new(self.customer(), part);
        diesel::insert_into(message_parts::table)
            .values(row)
            .execute(self.changing())
            .map(drop)
            .map_err(fault)
    }

    fn update(&mut self, part: &Part) -> Result<(), StoreError> {
        let row = PartRow::new(self.customer(), part);
        let known = message_parts::table
            .filter(dsl::account_id.eq(row.account_id))
            .filter(dsl::provider_id.eq(row.provider_id))
            .filter(dsl::customer_id.eq(row.customer_id));
        let rows = diesel::update(known)
            .set((
                dsl::message_id.eq(row.message_id),
                dsl::delivery.eq(row.delivery),
                dsl::failure_code.eq(row.failure_code),
                dsl::failure_reason.eq(row.failure_reason),
                dsl::is_permanent.eq(row.is_permanent),
            ))
            .execute(self.changing())
            .map_err(fault)?;
        changed(rows)
    }

    fn forget(&mut self, message: ConversationMessageId) -> Result<(), StoreError> {
        let of_message = message_parts::table
            .filter(dsl::message_id.eq(bytes(message.0)))
            .filter(dsl::customer_id.eq(self.customer()));
        diesel::update(of_message)
            .set(dsl::message_id.eq(None::<Vec<u8>>))
            .execute(self.changing())
            .map(drop)
            .map_err(fault)
    }

    fn expire(&mut self, before: Timestamp, limit: u32) -> Result<bool, StoreError> {
        let old: Vec<(Vec<u8>, String)> = message_parts::table
            .filter(dsl::message_id.is_null())
            .filter(dsl::created_at.lt(before.as_micros()))
            .limit(i64::from(limit))
            .select((dsl::account_id, dsl::provider_id))
            .load(self.conn)
            .map_err(fault)?;
        for (account, provider_id) in &old {
            let part = message_parts::table
                .filter(dsl::account_id.eq(account))
                .filter(dsl::provider_id.eq(provider_id));
            diesel::delete(part)
                .execute(self.changing())
                .map_err(fault)?;
        }
        Ok(!old.is_empty())
    }
}
