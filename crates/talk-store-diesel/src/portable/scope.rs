//! A connection scoped to one customer, which every query of the repositories goes through.

use diesel::Connection;
use diesel::result::{DatabaseErrorKind, Error, QueryResult};
use talk_domain::kernel::id::CustomerId;
use talk_domain::kernel::store_error::StoreError;

use crate::connection::AnyConnection;
use crate::error::{corrupt, fault};
use crate::portable::fast::batch_cache::BatchCache;
use crate::portable::rows::bytes;

/// A connection inside a transaction, scoped to one customer or to none.
pub(crate) struct Scope<'a> {
    /// The connection for reads; for writes see [`Scope::changing`].
    pub(crate) conn: &'a mut AnyConnection,
    /// The customer; `None` for the installation.
    pub(crate) customer: Option<CustomerId>,
    /// Whether the unit is one of the installation, whichever customer it has entered.
    pub(crate) is_of_installation: bool,
    /// The cache of the transaction.
    pub(crate) cache: BatchCache,
    /// Whether this scope changed anything.
    pub(crate) has_changed: bool,
}

impl<'a> Scope<'a> {
    /// Scopes `conn` to `customer`; `cache` is the cache of its transaction.
    pub(crate) fn new(
        conn: &'a mut AnyConnection,
        customer: Option<CustomerId>,
        cache: BatchCache,
    ) -> Self {
        Self {
            conn,
            customer,
            is_of_installation: customer.is_none(),
            cache,
            has_changed: false,
        }
    }

    /// Returns the cache of the transaction, and whether this scope changed anything.
    pub(crate) fn into_cache(self) -> (BatchCache, bool) {
        (self.cache, self.has_changed)
    }

    /// Returns the connection for a write.
    pub(crate) fn changing(&mut self) -> &mut AnyConnection {
        self.has_changed = true;
        self.conn
    }

    /// Returns the value of the customer column; in a unit without a customer, a value that no row
    /// has.
    pub(crate) fn customer(&self) -> Vec<u8> {
        self.customer
            .map_or_else(Vec::new, |customer| bytes(customer.0))
    }

    /// Fails unless `customer` is the customer of the unit, before a row of it is written.
    pub(crate) fn assert_same_customer(&self, customer: CustomerId) -> Result<(), StoreError> {
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
    /// Returns the number of bytes of `text` without reading the text.
    fn octet_length(text: diesel::sql_types::Text) -> diesel::sql_types::BigInt;
}

/// Fails if no row was changed although it must exist.
pub(crate) fn changed(rows: usize) -> Result<(), StoreError> {
    match rows {
        0 => Err(corrupt("a row to change is not there")),
        _ => Ok(()),
    }
}

/// Converts rows into domain types.
pub(crate) fn all<R, T: TryFrom<R, Error = StoreError>>(
    rows: Vec<R>,
) -> Result<Vec<T>, StoreError> {
    rows.into_iter().map(T::try_from).collect()
}
