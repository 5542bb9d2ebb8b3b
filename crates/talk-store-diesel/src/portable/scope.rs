//! A connection as one customer sees it: every query is scoped here, so none can forget it.

use diesel::Connection;
use diesel::result::{DatabaseErrorKind, Error, QueryResult};
use talk_domain::id::CustomerId;
use talk_domain::store::StoreError;

use crate::error::{corrupt, fault};
use crate::portable::connection::AnyConnection;
use crate::portable::fast::memory::Memory;
use crate::portable::rows::bytes;

/// A connection inside a transaction, seen by one customer or by none.
pub(crate) struct Scope<'a> {
    /// The connection, to read with; see [`Scope::changing`].
    pub(crate) conn: &'a mut AnyConnection,
    /// The customer; `None` for the installation.
    pub(crate) customer: Option<CustomerId>,
    /// What the transaction did so far.
    pub(crate) memory: Memory,
    /// Whether this scope changed anything.
    pub(crate) has_changed: bool,
}

impl<'a> Scope<'a> {
    /// `conn` as `customer` sees it. What else its transaction did is in `memory`.
    pub(crate) fn new(
        conn: &'a mut AnyConnection,
        customer: Option<CustomerId>,
        memory: Memory,
    ) -> Self {
        Self {
            conn,
            customer,
            memory,
            has_changed: false,
        }
    }

    /// What the transaction did so far, and whether this scope changed anything.
    pub(crate) fn into_memory(self) -> (Memory, bool) {
        (self.memory, self.has_changed)
    }

    /// The connection, to change rows with.
    pub(crate) fn changing(&mut self) -> &mut AnyConnection {
        self.has_changed = true;
        self.conn
    }

    /// What rows of this customer hold; nothing that any row holds when there is no customer.
    pub(crate) fn customer(&self) -> Vec<u8> {
        self.customer
            .map_or_else(Vec::new, |customer| bytes(customer.0))
    }

    /// Refuses to write a row of another customer than the unit's.
    pub(crate) fn own(&self, customer: CustomerId) -> Result<(), StoreError> {
        if self.customer == Some(customer) {
            return Ok(());
        }
        Err(corrupt("a unit of work wrote a row of another customer"))
    }

    /// Runs an insert that a unique index may refuse, in a savepoint of its own: some databases
    /// end the whole transaction on a refusal.
    pub(crate) fn insert_if_absent(
        &mut self,
        insert: impl FnOnce(&mut AnyConnection) -> QueryResult<usize>,
    ) -> Result<bool, StoreError> {
        match self.conn.transaction(insert) {
            Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Ok(false),
            done => {
                self.has_changed = true;
                done.map(|_| true).map_err(fault)
            }
        }
    }
}

#[diesel::declare_sql_function]
extern "SQL" {
    /// Bytes of `text`, found without reading it.
    fn octet_length(text: diesel::sql_types::Text) -> diesel::sql_types::BigInt;
}

/// Refuses to go on when a row that must be there is not.
pub(crate) fn changed(rows: usize) -> Result<(), StoreError> {
    match rows {
        0 => Err(corrupt("a row to change is not there")),
        _ => Ok(()),
    }
}

/// Rows as what they mean.
pub(crate) fn all<R, T: TryFrom<R, Error = StoreError>>(
    rows: Vec<R>,
) -> Result<Vec<T>, StoreError> {
    rows.into_iter().map(T::try_from).collect()
}
