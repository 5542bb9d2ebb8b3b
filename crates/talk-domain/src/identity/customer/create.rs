//! Use case: create a customer.

use crate::identity::customer::Customer;
use crate::identity::unit::IdentityUnit;
use crate::kernel::error::{Invalid, refusals};
use crate::kernel::limits::Limits;
use crate::kernel::store_error::StoreError;
use crate::kernel::text::check_text;

refusals! {
    /// Refusals of [`create_customer`].
    pub enum CreateCustomerError {
        IdTaken = AlreadyExists "CUSTOMER_ALREADY_EXISTS" "a customer with this id exists",
        ..Invalid(Invalid),
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
    limits: &Limits,
) -> Result<(), CreateCustomerError> {
    check_text("name", &customer.name, limits.name)?;
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
        create_customer(&mut uow, &acme, &Limits::default())
    }

    /// RUN-05.
    #[test]
    fn a_customer_is_added_once() {
        assert!(create(false).is_ok());
        assert!(matches!(create(true), Err(CreateCustomerError::IdTaken)));
    }

    /// RUN-05: the name keeps the limit of the installation.
    #[test]
    fn a_customer_with_a_long_name_is_not_added() {
        let acme = Customer::new(customer_id(), "Acme", at(3)).unwrap();
        let limits = Limits {
            name: 3,
            ..Limits::default()
        };
        let refused = create_customer(&mut MockUnitOfWork::default(), &acme, &limits);
        let Err(CreateCustomerError::Invalid(invalid)) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!((&*invalid.field, invalid.limit), ("name", Some(3)));
    }
}
