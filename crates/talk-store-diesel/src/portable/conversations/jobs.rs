//! Messages of the customer that are to be sent.

use conversation_domain::model::job::{Job, JobQueries, JobRepository, Waiting};
use diesel::prelude::*;
use talk_domain::kernel::id::{AccountId, ConversationMessageId, RoomId};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::time::Timestamp;

use crate::error::fault;
use crate::portable::conversations::schema::send_jobs::{self, dsl};
use crate::portable::rows::{at, bytes, id, number, optional_at, seq};
use crate::portable::scope::{Scope, all, changed};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = send_jobs, treat_none_as_default_value = false)]
struct JobRow {
    message_id: Vec<u8>,
    customer_id: Vec<u8>,
    account_id: Vec<u8>,
    conversation_id: Vec<u8>,
    room_id: Vec<u8>,
    seq: i64,
    tries: i64,
    is_leased: i64,
    due_at: Option<i64>,
    created_at: i64,
}

impl From<&Job> for JobRow {
    fn from(job: &Job) -> Self {
        Self {
            message_id: bytes(job.message.0),
            customer_id: bytes(job.customer.0),
            account_id: bytes(job.account.0),
            conversation_id: bytes(job.conversation.0),
            room_id: bytes(job.room.0),
            seq: seq(job.seq),
            tries: job.tries.into(),
            is_leased: job.is_leased.into(),
            due_at: job.due.map(Timestamp::as_micros),
            created_at: job.created.as_micros(),
        }
    }
}

impl TryFrom<JobRow> for Job {
    type Error = StoreError;

    fn try_from(row: JobRow) -> Result<Self, StoreError> {
        Ok(Self {
            message: id(&row.message_id)?,
            customer: id(&row.customer_id)?,
            account: id(&row.account_id)?,
            conversation: id(&row.conversation_id)?,
            room: id(&row.room_id)?,
            seq: number(row.seq)?,
            tries: number(row.tries)?,
            is_leased: row.is_leased != 0,
            due: optional_at(row.due_at)?,
            created: at(row.created_at)?,
        })
    }
}

impl JobRepository for Scope<'_> {
    fn get(&mut self, message: ConversationMessageId) -> Result<Option<Job>, StoreError> {
        let row = send_jobs::table
            .filter(dsl::message_id.eq(bytes(message.0)))
            .filter(dsl::customer_id.eq(self.customer()))
            .select(JobRow::as_select())
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        row.map(Job::try_from).transpose()
    }

    fn first(&mut self, room: RoomId) -> Result<Option<Job>, StoreError> {
        let row = send_jobs::table
            .filter(dsl::room_id.eq(bytes(room.0)))
            .filter(dsl::customer_id.eq(self.customer()))
            .order(dsl::seq.asc())
            .select(JobRow::as_select())
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        row.map(Job::try_from).transpose()
    }

    fn insert(&mut self, job: &Job) -> Result<(), StoreError> {
        self.assert_same_customer(job.customer)?;
        diesel::insert_into(send_jobs::table)
            .values(JobRow::from(job))
            .execute(self.changing())
            .map(drop)
            .map_err(fault)
    }

    fn update(&mut self, job: &Job) -> Result<(), StoreError> {
        let known = send_jobs::table
            .filter(dsl::message_id.eq(bytes(job.message.0)))
            .filter(dsl::customer_id.eq(self.customer()));
        let rows = diesel::update(known)
            .set((
                dsl::tries.eq(i64::from(job.tries)),
                dsl::is_leased.eq(i64::from(job.is_leased)),
                dsl::due_at.eq(job.due.map(Timestamp::as_micros)),
            ))
            .execute(self.changing())
            .map_err(fault)?;
        changed(rows)
    }

    fn delete(&mut self, message: ConversationMessageId) -> Result<(), StoreError> {
        let known = send_jobs::table
            .filter(dsl::message_id.eq(bytes(message.0)))
            .filter(dsl::customer_id.eq(self.customer()));
        let rows = diesel::delete(known)
            .execute(self.changing())
            .map_err(fault)?;
        changed(rows)
    }
}

impl JobQueries for Scope<'_> {
    fn waiting(&mut self) -> Result<Vec<Waiting>, StoreError> {
        let rows: Vec<(Vec<u8>, Vec<u8>, Option<i64>)> = send_jobs::table
            .filter(dsl::due_at.is_not_null())
            .group_by((dsl::account_id, dsl::customer_id))
            .select((
                dsl::account_id,
                dsl::customer_id,
                diesel::dsl::min(dsl::due_at),
            ))
            .load(self.conn)
            .map_err(fault)?;
        let mut waiting = Vec::new();
        for (account, customer, due) in rows {
            if let Some(due) = optional_at(due)? {
                waiting.push(Waiting {
                    customer: id(&customer)?,
                    account: id(&account)?,
                    due,
                });
            }
        }
        Ok(waiting)
    }

    fn due(
        &mut self,
        account: AccountId,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Job>, StoreError> {
        let rows = send_jobs::table
            .filter(dsl::account_id.eq(bytes(account.0)))
            .filter(dsl::customer_id.eq(self.customer()))
            .filter(dsl::due_at.is_not_null())
            .filter(dsl::due_at.le(now.as_micros()))
            .order(dsl::due_at.asc())
            .limit(i64::from(limit))
            .select(JobRow::as_select())
            .load(self.conn)
            .map_err(fault)?;
        all(rows)
    }
}
