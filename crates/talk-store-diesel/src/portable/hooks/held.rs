//! Finds the events that must stay in the log: those that a consumer or an endpoint has not got yet.

use diesel::dsl::min;
use diesel::prelude::*;
use talk_domain::kernel::positions::Position;
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::stream::StreamId;

use crate::error::fault;
use crate::portable::backend::Backend as _;
use crate::portable::rows::{bytes, number, seq};
use crate::portable::schema::{deliveries, webhooks};
use crate::portable::scope::Scope;

impl Scope<'_> {
    /// See [`ChatLog::first_held`](talk_domain::talk::model::event::ChatLog::first_held).
    pub(crate) fn first_held(
        &mut self,
        stream: StreamId,
        upto: u64,
    ) -> Result<Option<u64>, StoreError> {
        let untaken = match self.taken_by_all()? {
            Some(taken) => self.log_first_after((stream, upto), taken)?,
            None => None,
        };
        let undelivered = self.first_undelivered((stream, upto))?;
        Ok([untaken, undelivered].into_iter().flatten().min())
    }

    /// Returns the first event, of those of the stream up to a `seq`, that an enabled endpoint has not
    /// got yet.
    fn first_undelivered(
        &mut self,
        (stream, upto): (StreamId, u64),
    ) -> Result<Option<u64>, StoreError> {
        let enabled: Vec<(Vec<u8>, Option<i64>)> = webhooks::table
            .filter(webhooks::customer_id.eq(self.customer()))
            .filter(webhooks::disabled.is_null())
            .select((webhooks::id, webhooks::missed))
            .load(self.conn)
            .map_err(fault)?;
        let mut first = None;
        for (webhook, missed) in enabled {
            if let Some(missed) = missed {
                let missed = Position::new(number(missed)?);
                let untaken = self.log_first_after((stream, upto), missed)?;
                first = [first, untaken].into_iter().flatten().min();
            }
            let open: Option<i64> = deliveries::table
                .filter(deliveries::webhook_id.eq(webhook))
                .filter(deliveries::stream_id.eq(bytes(stream.id)))
                .filter(deliveries::is_open.eq(1))
                .filter(deliveries::seq.le(seq(upto)))
                .select(min(deliveries::seq))
                .first(self.conn)
                .map_err(fault)?;
            let open = open.map(number).transpose()?;
            first = [first, open].into_iter().flatten().min();
        }
        Ok(first)
    }

    /// Sets `has_gap` of the disabled endpoints of the customer that have not got the event `last`
    /// of a stream. Must be called before the events of the stream up to this one are deleted.
    pub(crate) fn mark_gaps(&mut self, stream: &[u8], last: u64) -> Result<(), StoreError> {
        let disabled = webhooks::table
            .filter(webhooks::customer_id.eq(self.customer()))
            .filter(webhooks::disabled.is_not_null())
            .filter(webhooks::has_gap.eq(0));
        let any: Option<Vec<u8>> = disabled
            .clone()
            .select(webhooks::id)
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        if any.is_none() {
            return Ok(());
        }
        let Some(position) = self.log_position_of(stream, last)? else {
            return Ok(());
        };
        let missing = disabled
            .filter(webhooks::missed.lt(seq(position.number())))
            .filter(
                webhooks::stream_id
                    .is_null()
                    .or(webhooks::stream_id.eq(stream)),
            );
        diesel::update(missing)
            .set(webhooks::has_gap.eq(1))
            .execute(self.changing())
            .map(drop)
            .map_err(fault)
    }
}
