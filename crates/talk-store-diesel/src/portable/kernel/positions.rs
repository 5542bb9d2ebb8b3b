//! The log of the installation, and the positions of its consumers.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use diesel::dsl::min;
use diesel::prelude::*;
use talk_domain::kernel::cleanup::Bound;
use talk_domain::kernel::id::{CustomerId, MessageId};
use talk_domain::kernel::log::Logged;
use talk_domain::kernel::positions::{
    ConsumerRepository, LogChunk, LogQueries, Position, Registered,
};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::model::event::{FrameEncoder, content_of};
use talk_domain::talk::model::message::MessageQueries;

use crate::error::{corrupt, fault};
use crate::portable::backend::Backend as _;
use crate::portable::kernel::cleanups::{CUSTOMER, MESSAGE};
use crate::portable::kernel::events::redact;
use crate::portable::rows::{bytes, id, number, seq};
use crate::portable::schema::{cleanups, consumers};
use crate::portable::scope::Scope;
use crate::portable::snapshot::DieselSnapshot;
use crate::portable::unit::DieselUnit;

/// An event with its position.
type Placed = (Position, Arc<Logged>);

impl Scope<'_> {
    /// Fails unless the unit is one of the installation.
    fn assert_of_installation(&self) -> Result<(), StoreError> {
        if self.is_of_installation {
            return Ok(());
        }
        Err(corrupt(
            "a unit of a customer used the log of the installation",
        ))
    }

    /// See [`LogQueries::since`].
    fn log_since(
        &mut self,
        position: Position,
        bound: Bound,
        encoder: &dyn FrameEncoder,
    ) -> Result<LogChunk, StoreError> {
        self.assert_of_installation()?;
        let mut chunk = self.log_after(position, bound)?;
        let gone = self.customers_being_removed(&chunk.events)?;
        chunk
            .events
            .retain(|(_, event)| !gone.contains(&event.customer));
        self.hide_deleted_of_all(&mut chunk.events, encoder)?;
        Ok(chunk)
    }

    /// Returns those customers of the events that are deleted, while they have rows left.
    fn customers_being_removed(
        &mut self,
        events: &[Placed],
    ) -> Result<HashSet<CustomerId>, StoreError> {
        let customers: HashSet<_> = events.iter().map(|(_, event)| event.customer).collect();
        let removed: Vec<Vec<u8>> = cleanups::table
            .filter(cleanups::kind.eq(CUSTOMER))
            .filter(cleanups::subject.eq_any(customers.iter().map(|customer| bytes(customer.0))))
            .select(cleanups::subject)
            .load(self.conn)
            .map_err(fault)?;
        removed.iter().map(|customer| id(customer)).collect()
    }

    /// Replaces deleted messages by tombstones in events of any customer that a cleanup has not
    /// rewritten yet.
    fn hide_deleted_of_all(
        &mut self,
        events: &mut [Placed],
        encoder: &dyn FrameEncoder,
    ) -> Result<(), StoreError> {
        let mut about: HashMap<MessageId, CustomerId> = HashMap::new();
        for (_, event) in &*events {
            if let Some((_, message)) = content_of(event) {
                about.insert(message, event.customer);
            }
        }
        let left: Vec<Vec<u8>> = cleanups::table
            .filter(cleanups::kind.eq(MESSAGE))
            .filter(cleanups::subject.eq_any(about.keys().map(|message| bytes(message.0))))
            .select(cleanups::subject)
            .load(self.conn)
            .map_err(fault)?;
        let entered = self.customer;
        for message in left {
            let message = id(&message)?;
            self.customer = about.get(&message).copied();
            if let Some(tombstone) = MessageQueries::get(self, message)? {
                for (_, event) in events.iter_mut() {
                    redact(event, &tombstone, encoder);
                }
            }
        }
        self.customer = entered;
        Ok(())
    }

    fn position_of(&mut self, consumer: &str) -> Result<Option<Position>, StoreError> {
        let position: Option<i64> = consumers::table
            .find(consumer)
            .select(consumers::position)
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        let position = position.map(number).transpose()?;
        Ok(position.map(Position::new))
    }

    /// Returns the position up to which every registered consumer has processed the log; `None`
    /// without consumers.
    pub(crate) fn taken_by_all(&mut self) -> Result<Option<Position>, StoreError> {
        let first: Option<i64> = consumers::table
            .select(min(consumers::position))
            .first(self.conn)
            .map_err(fault)?;
        let first = first.map(number).transpose()?;
        Ok(first.map(Position::new))
    }

    fn registered(&mut self) -> Result<Vec<Registered>, StoreError> {
        self.assert_of_installation()?;
        let rows: Vec<(String, i64)> = consumers::table
            .order(consumers::name.asc())
            .load(self.conn)
            .map_err(fault)?;
        let mut registered = Vec::new();
        for (name, position) in rows {
            let (lag, oldest) = self.log_lag(Position::new(number(position)?))?;
            registered.push(Registered { name, lag, oldest });
        }
        Ok(registered)
    }
}

impl ConsumerRepository for Scope<'_> {
    fn enter(&mut self, customer: CustomerId) -> Result<(), StoreError> {
        self.assert_of_installation()?;
        self.customer = Some(customer);
        Ok(())
    }

    fn put(&mut self, consumer: &str, position: Position) -> Result<(), StoreError> {
        self.assert_of_installation()?;
        let position = seq(position.number());
        let rows = diesel::update(consumers::table.find(consumer))
            .set(consumers::position.eq(position))
            .execute(self.changing())
            .map_err(fault)?;
        if rows > 0 {
            return Ok(());
        }
        diesel::insert_into(consumers::table)
            .values((
                consumers::name.eq(consumer),
                consumers::position.eq(position),
            ))
            .execute(self.changing())
            .map(drop)
            .map_err(fault)
    }

    fn remove(&mut self, consumer: &str) -> Result<bool, StoreError> {
        self.assert_of_installation()?;
        diesel::delete(consumers::table.find(consumer))
            .execute(self.changing())
            .map(|rows| rows > 0)
            .map_err(fault)
    }
}

/// Implements the port for a unit or a snapshot.
macro_rules! log_queries {
    ($of:ident) => {
        impl LogQueries for $of<'_> {
            fn since(&mut self, position: Position, bound: Bound) -> Result<LogChunk, StoreError> {
                self.scope.log_since(position, bound, self.encoder)
            }

            fn end(&mut self) -> Result<Position, StoreError> {
                self.scope.log_end()
            }

            fn position(&mut self, consumer: &str) -> Result<Option<Position>, StoreError> {
                self.scope.position_of(consumer)
            }

            fn consumers(&mut self) -> Result<Vec<Registered>, StoreError> {
                self.scope.registered()
            }
        }
    };
}

log_queries!(DieselUnit);
log_queries!(DieselSnapshot);
