//! Customers: the tenants of an installation.

pub mod create;

use crate::blank::is_blank;
use crate::error::{Invalid, refusals};
use crate::id::CustomerId;
use crate::limits::{Limits, check_text};
use crate::store::{Snapshot, StoreError};
use crate::time::Timestamp;

/// A tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customer {
    /// Identity.
    pub id: CustomerId,
    /// What people call it.
    pub name: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it last changed.
    pub updated: Timestamp,
}

impl Customer {
    /// A customer named `name`.
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
    /// Why a customer is not shown.
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
