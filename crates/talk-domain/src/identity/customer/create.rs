//! Use case: create a customer.

use crate::identity::customer::Customer;
use crate::identity::unit::IdentityUnit;
use crate::kernel::error::refusals;
use crate::kernel::store_error::StoreError;

refusals! {
    /// Refusals of [`create_customer`].
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
    uow: &mut dyn IdentityUnit,
    customer: &Customer,
) -> Result<(), CreateCustomerError> {
    if uow.directory().customer(customer.id)?.is_some() {
        return Err(CreateCustomerError::IdTaken);
    }
    uow.customers().insert(customer)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MockUnitOfWork, at, customer_id};

    fn create(is_taken: bool) -> Result<(), CreateCustomerError> {
        let acme = Customer::new(customer_id(), "Acme", at(3)).unwrap();
        let mut uow = MockUnitOfWork::default();
        let (taken, customer) = (acme.clone(), uow.directory.expect_customer());
        customer.returning(move |_| Ok(is_taken.then(|| taken.clone())));
        let (new, insert) = (acme.clone(), uow.customers.expect_insert());
        insert
            .times(usize::from(!is_taken))
            .withf(move |customer| *customer == new)
            .returning(|_| Ok(()));
        create_customer(&mut uow, &acme)
    }

    /// RUN-05.
    #[test]
    fn a_customer_is_added_once() {
        assert!(create(false).is_ok());
        assert!(matches!(create(true), Err(CreateCustomerError::IdTaken)));
    }
}
