//! Customers: the tenants of an installation.

pub mod create;
pub mod delete;
pub mod show;

use crate::identity::agent::Agent;
use crate::kernel::blank::is_blank;
use crate::kernel::error::Invalid;
use crate::kernel::id::CustomerId;
use crate::kernel::store_error::StoreError;
use crate::kernel::time::Timestamp;

/// A tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customer {
    /// Identity.
    pub id: CustomerId,
    /// Display name.
    pub name: String,
    /// Time of creation.
    pub created: Timestamp,
    /// Time of the last change.
    pub updated: Timestamp,
}

impl Customer {
    /// Creates a customer named `name`.
    ///
    /// # Errors
    /// If the name is blank.
    pub fn new(id: CustomerId, name: &str, now: Timestamp) -> Result<Self, Invalid> {
        if is_blank(name) {
            return Err(Invalid::new("name", "NAME_REQUIRED", "must not be empty"));
        }
        Ok(Self {
            id,
            name: name.to_owned(),
            created: now,
            updated: now,
        })
    }
}

/// Driven port: customers at rest.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait CustomerRepository {
    /// Stores a new customer.
    ///
    /// # Errors
    /// Only when storage fails.
    fn insert(&mut self, customer: &Customer) -> Result<(), StoreError>;
}

/// Driven port: removes the rows of the unit's customer for good.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait CustomerRemoval {
    /// Returns up to `limit` of its agents that are not deleted and were created at or after
    /// `since`, oldest first.
    ///
    /// # Errors
    /// Only when storage fails.
    fn live_agents(&mut self, since: Timestamp, limit: u32) -> Result<Vec<Agent>, StoreError>;

    /// Deletes up to `limit` rows of agents, their access keys and their stored idempotent answers; an
    /// agent only after its keys and answers. Returns whether there may be more.
    ///
    /// # Errors
    /// Only when storage fails.
    fn drop_agents(&mut self, limit: u32) -> Result<bool, StoreError>;

    /// Deletes the customer itself and its [cleanups](crate::kernel::cleanup::Cleanup). Everything else of it
    /// MUST be gone.
    ///
    /// # Errors
    /// Only when storage fails.
    fn finish(&mut self) -> Result<(), StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{at, customer_id};

    fn named(name: &str) -> Result<Customer, (String, &'static str, Option<u64>)> {
        let customer = Customer::new(customer_id(), name, at(3));
        customer.map_err(|invalid| (invalid.field, invalid.reason, invalid.limit))
    }

    /// RUN-05.
    #[test]
    fn a_customer_has_a_name_that_can_be_seen() {
        let customer = named("Acme").unwrap();
        let made = (&*customer.name, customer.created, customer.updated);
        assert_eq!(made, ("Acme", at(3), at(3)));
        for blank in ["", "  ", "\u{200b}"] {
            assert_eq!(named(blank), Err(("name".into(), "NAME_REQUIRED", None)));
        }
    }
}
