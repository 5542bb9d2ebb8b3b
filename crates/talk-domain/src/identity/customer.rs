//! Customers: the tenants of an installation.

pub mod create;
pub mod delete;

use crate::kernel::blank::is_blank;
use crate::kernel::error::{Invalid, refusals};
use crate::kernel::id::CustomerId;
use crate::kernel::store::{Snapshot, StoreError};
use crate::kernel::time::Timestamp;
use crate::talk::model::limits::{Limits, check_text};

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
    /// If the name is blank or too long.
    pub fn new(id: CustomerId, name: &str, now: Timestamp) -> Result<Self, Invalid> {
        check_text("name", name, Limits::default().name)?;
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

refusals! {
    /// Refusals of [`show_customer`].
    pub enum ShowCustomerError {
        NoSuchCustomer = NotFound "CUSTOMER_NOT_FOUND" "there is no such customer",
        ..Store(StoreError),
    }
}

/// The customer `id`.
///
/// # Errors
/// See [`ShowCustomerError`].
pub fn show_customer(
    snapshot: &mut dyn Snapshot,
    id: CustomerId,
) -> Result<Customer, ShowCustomerError> {
    snapshot
        .directory()
        .customer(id)?
        .ok_or(ShowCustomerError::NoSuchCustomer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MockSnapshot, at, customer_id};
    use uuid::Uuid;

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
        let long = Err(("name".into(), "LIMIT_EXCEEDED", Some(255)));
        assert_eq!(named(&"x".repeat(256)), long);
    }

    /// AUTH-10: the own customer.
    #[test]
    fn a_customer_is_shown_and_an_unknown_one_is_not() {
        let acme = named("Acme").unwrap();
        let mut snapshot = MockSnapshot::default();
        let (found, customer) = (acme.clone(), snapshot.directory.expect_customer());
        customer.returning(move |id| Ok(Some(found.clone()).filter(|found| found.id == id)));
        assert_eq!(show_customer(&mut snapshot, acme.id).unwrap(), acme);
        let unknown = show_customer(&mut snapshot, CustomerId(Uuid::nil()));
        assert!(matches!(unknown, Err(ShowCustomerError::NoSuchCustomer)));
    }
}
