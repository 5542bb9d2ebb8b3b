//! The feed of webhooks: reads the log in the order of its numbers.

use std::collections::BTreeSet;
use std::sync::Arc;

use diesel::connection::DefaultLoadingMode;
use diesel::prelude::*;
use talk_domain::hooks::feed::{Chunk, FeedQueries, FeedRepository};
use talk_domain::kernel::cleanup::Bound;
use talk_domain::kernel::id::CustomerId;
use talk_domain::kernel::log::Logged;
use talk_domain::kernel::store_error::StoreError;

use crate::error::{corrupt, fault};
use crate::portable::rows::event::EventRow;
use crate::portable::rows::{id, number, seq};
use crate::portable::schema::{events, meta, webhooks};
use crate::portable::scope::Scope;
use crate::sqlite::serial::last;

/// Key in `talk_meta` of the number of the last event that was taken.
const PLACE: &str = "webhooks_place";

impl FeedQueries for Scope<'_> {
    fn place(&mut self) -> Result<u64, StoreError> {
        let stored: Option<String> = meta::table
            .find(PLACE)
            .select(meta::value)
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        match stored {
            Some(stored) => stored.parse().map_err(corrupt),
            None => number(last(self.conn).map_err(fault)?),
        }
    }

    fn after(&mut self, place: u64, bound: Bound) -> Result<Chunk, StoreError> {
        let customers = self.customers_with_webhooks()?;
        if customers.is_empty() {
            let end = place.max(number(last(self.conn).map_err(fault)?)?);
            return Ok(Chunk {
                end,
                ..Chunk::default()
            });
        }
        let mut chunk = Chunk {
            end: place,
            customers,
            events: Vec::new(),
        };
        let rows = events::table
            .filter(serial_of().gt(seq(place)))
            .order(serial_of().asc())
            .limit(i64::from(bound.rows))
            .select((serial_of(), EventRow::as_select()));
        let mut left = bound.bytes;
        let found = rows.load_iter::<(i64, EventRow), DefaultLoadingMode>(self.conn);
        for row in found.map_err(fault)? {
            let (place, row) = row.map_err(fault)?;
            let event = Logged::try_from(row)?;
            left = left.saturating_sub(event.payload.len() as u64);
            chunk.end = number(place)?;
            chunk.events.push((chunk.end, Arc::new(event)));
            if left == 0 {
                break;
            }
        }
        Ok(chunk)
    }
}

impl Scope<'_> {
    fn customers_with_webhooks(&mut self) -> Result<BTreeSet<CustomerId>, StoreError> {
        let customers: Vec<Vec<u8>> = webhooks::table
            .filter(webhooks::disabled.is_null())
            .select(webhooks::customer_id)
            .load(self.conn)
            .map_err(fault)?;
        customers.iter().map(|customer| id(customer)).collect()
    }
}

/// The number of an event, a column that SQLite alone has.
fn serial_of() -> diesel::expression::SqlLiteral<diesel::sql_types::BigInt> {
    diesel::dsl::sql("talk_events.serial")
}

impl FeedRepository for Scope<'_> {
    fn enter(&mut self, customer: CustomerId) -> Result<(), StoreError> {
        if !self.is_of_installation {
            return Err(corrupt("a unit of a customer entered another one"));
        }
        self.customer = Some(customer);
        Ok(())
    }

    fn end(&mut self) -> Result<u64, StoreError> {
        number(self.end_serial()?)
    }

    fn advance(&mut self, place: u64) -> Result<(), StoreError> {
        diesel::delete(meta::table.find(PLACE))
            .execute(self.changing())
            .map_err(fault)?;
        diesel::insert_into(meta::table)
            .values((meta::key.eq(PLACE), meta::value.eq(place.to_string())))
            .execute(self.changing())
            .map(drop)
            .map_err(fault)
    }
}
