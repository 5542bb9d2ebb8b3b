//! Use case: create a customer.

use crate::customer::Customer;
use crate::error::refusals;
use crate::store::{StoreError, UnitOfWork};

refusals! {
    /// Why a customer is not created.
    pub enum CreateCustomerError {
        IdTaken = AlreadyExists "CUSTOMER_ALREADY_EXISTS" "a customer with this id exists",
        ..Store(StoreError),
    }
}

/// Adds `customer` to the installation.
///
/// # Errors
/// See [`CreateCustomerError`].
pub fn create_customer(
    uow: &mut dyn UnitOfWork,
    customer: &Customer,
) -> Result<(), CreateCustomerError> {
    if uow.directory().customer(customer.id)?.is_some() {
        return Err(CreateCustomerError::IdTaken);
    }
    uow.customers().insert(customer)?;
    Ok(())
}
