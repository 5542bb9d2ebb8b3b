//! Finds the events that must stay in the log: those that a consumer or an endpoint has not got yet.

use diesel::dsl::min;
use diesel::prelude::*;
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::stream::StreamId;

use crate::error::fault;
use crate::portable::backend::Backend as _;
use crate::portable::rows::{bytes, number};
use crate::portable::schema::{deliveries, webhooks};
use crate::portable::scope::Scope;

impl Scope<'_> {
    /// See [`EventLog::first_held`](talk_domain::talk::model::event::EventLog::first_held).
    pub(crate) fn first_held(
        &mut self,
        stream: StreamId,
        upto: u64,
    ) -> Result<Option<u64>, StoreError> {
        let untaken = match self.taken_by_all()? {
            Some(taken) => self.log_first_after((stream, upto), taken)?,
            None => None,
        };
        let undelivered = self.first_undelivered(stream)?.filter(|seq| *seq <= upto);
        Ok([untaken, undelivered].into_iter().flatten().min())
    }

    /// Returns the first event of the stream that an enabled endpoint has not got yet.
    fn first_undelivered(&mut self, stream: StreamId) -> Result<Option<u64>, StoreError> {
        let enabled: Vec<Vec<u8>> = webhooks::table
            .filter(webhooks::customer_id.eq(self.customer()))
            .filter(webhooks::disabled.is_null())
            .select(webhooks::id)
            .load(self.conn)
            .map_err(fault)?;
        let mut first = None;
        for webhook in enabled {
            let open: Option<i64> = deliveries::table
                .filter(deliveries::webhook_id.eq(webhook))
                .filter(deliveries::stream_id.eq(bytes(stream.id)))
                .filter(deliveries::is_open.eq(1))
                .select(min(deliveries::seq))
                .first(self.conn)
                .map_err(fault)?;
            let open = open.map(number).transpose()?;
            first = [first, open].into_iter().flatten().min();
        }
        Ok(first)
    }
}
