//! Messages of one author, found by a scan: an index by author would cost every post more than the
//! rare scan costs.

use diesel::prelude::*;
use talk_domain::kernel::id::AgentId;
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::model::message::Authored;

use crate::error::fault;
use crate::portable::rows::{bytes, id, number, seq};
use crate::portable::schema::messages;
use crate::portable::scope::Scope;

/// The columns needed to find the author of a message, without its text.
#[derive(Queryable, Selectable)]
#[diesel(table_name = messages)]
struct AuthoredRow {
    serial: i64,
    id: Vec<u8>,
    customer_id: Vec<u8>,
    author_id: Vec<u8>,
    system_subject: Option<Vec<u8>>,
}

impl Scope<'_> {
    /// See [`MessageRepository::of_author`](talk_domain::talk::model::message::MessageRepository::of_author).
    pub(crate) fn messages_of_author(
        &mut self,
        agent: AgentId,
        after: u64,
        limit: u32,
    ) -> Result<Authored, StoreError> {
        let rows: Vec<AuthoredRow> = messages::table
            .filter(messages::serial.gt(seq(after)))
            .order(messages::serial.asc())
            .limit(i64::from(limit))
            .select(AuthoredRow::as_select())
            .load(self.conn)
            .map_err(fault)?;
        let (agent, customer) = (bytes(agent.0), self.customer());
        let last = rows.last().map(|row| number(row.serial)).transpose()?;
        let is_end = rows.len() < limit as usize;
        let own = rows.into_iter().filter(|row| {
            let is_about = row.system_subject.as_ref() == Some(&agent);
            row.customer_id == customer && (row.author_id == agent || is_about)
        });
        let messages = own.map(|row| Ok((number(row.serial)?, id(&row.id)?)));
        Ok(Authored {
            messages: messages.collect::<Result<_, StoreError>>()?,
            position: last.unwrap_or(after),
            is_end,
        })
    }
}
