//! A connection as one customer sees it: every query is scoped here, so none can forget it.

mod access_keys;
mod agents;
mod chats;
mod customers;
mod directory;
mod events;
mod files;
mod idempotency;
mod messages;
mod participants;
mod reactions;
mod reads;
mod sessions;

use diesel::Connection;
use diesel::result::{DatabaseErrorKind, Error, QueryResult};
use talk_domain::chat::Chat;
use talk_domain::id::CustomerId;
use talk_domain::store::StoreError;

use crate::connection::AnyConnection;
use crate::error::{corrupt, fault};
use crate::rows::bytes;

/// A connection inside a transaction, seen by one customer or by none.
pub(crate) struct Scope<'a> {
    conn: &'a mut AnyConnection,
    customer: Option<CustomerId>,
    /// The chat that was locked or stored last, to tell what an update changes.
    known: Option<Chat>,
}

impl<'a> Scope<'a> {
    /// `conn` as `customer` sees it.
    pub(crate) fn new(conn: &'a mut AnyConnection, customer: Option<CustomerId>) -> Self {
        Self {
            conn,
            customer,
            known: None,
        }
    }

    /// What rows of this customer hold; nothing that any row holds when there is no customer.
    fn customer(&self) -> Vec<u8> {
        self.customer
            .map_or_else(Vec::new, |customer| bytes(customer.0))
    }

    /// Refuses to write a row of another customer than the unit's.
    fn own(&self, customer: CustomerId) -> Result<(), StoreError> {
        if self.customer == Some(customer) {
            return Ok(());
        }
        Err(corrupt("a unit of work wrote a row of another customer"))
    }

    /// Runs an insert that a unique index may refuse, in a savepoint of its own: some databases
    /// end the whole transaction on a refusal.
    fn insert_if_absent(
        &mut self,
        insert: impl FnOnce(&mut AnyConnection) -> QueryResult<usize>,
    ) -> Result<bool, StoreError> {
        match self.conn.transaction(insert) {
            Ok(_) => Ok(true),
            Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Ok(false),
            Err(error) => Err(fault(error)),
        }
    }
}

/// Refuses to go on when a row that must be there is not.
fn changed(rows: usize) -> Result<(), StoreError> {
    match rows {
        0 => Err(corrupt("a row to change is not there")),
        _ => Ok(()),
    }
}

/// Rows as what they mean.
fn all<R, T: TryFrom<R, Error = StoreError>>(rows: Vec<R>) -> Result<Vec<T>, StoreError> {
    rows.into_iter().map(T::try_from).collect()
}
