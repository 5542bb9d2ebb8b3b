//! The row of a read mark.

use diesel::prelude::*;
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::stream::Tick;
use talk_domain::talk::model::read::ReadMark;

use crate::portable::rows::{at, bytes, id, number, seq};
use crate::portable::schema::read_marks;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = read_marks)]
pub(crate) struct ReadMarkRow {
    chat_id: Vec<u8>,
    agent_id: Vec<u8>,
    customer_id: Vec<u8>,
    seq: i64,
    seq_at: i64,
    updated_at: i64,
}

impl From<&ReadMark> for ReadMarkRow {
    fn from(mark: &ReadMark) -> Self {
        Self {
            chat_id: bytes(mark.chat.0),
            agent_id: bytes(mark.agent.0),
            customer_id: bytes(mark.customer.0),
            seq: seq(mark.place.seq),
            seq_at: mark.place.at.as_micros(),
            updated_at: mark.updated.as_micros(),
        }
    }
}

impl TryFrom<ReadMarkRow> for ReadMark {
    type Error = StoreError;

    fn try_from(row: ReadMarkRow) -> Result<Self, StoreError> {
        Ok(Self {
            customer: id(&row.customer_id)?,
            chat: id(&row.chat_id)?,
            agent: id(&row.agent_id)?,
            place: Tick {
                seq: number(row.seq)?,
                at: at(row.seq_at)?,
            },
            updated: at(row.updated_at)?,
        })
    }
}
