//! Use case: show a customer.

use crate::identity::customer::Customer;
use crate::identity::unit::IdentitySnapshot;
use crate::kernel::error::refusals;
use crate::kernel::id::CustomerId;
use crate::kernel::store_error::StoreError;

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
    snapshot: &mut dyn IdentitySnapshot,
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

    /// AUTH-10: the own customer.
    #[test]
    fn a_customer_is_shown_and_an_unknown_one_is_not() {
        let acme = Customer::new(customer_id(), "Acme", at(3)).unwrap();
        let mut snapshot = MockSnapshot::default();
        let (found, customer) = (acme.clone(), snapshot.directory.expect_customer());
        customer.returning(move |id| Ok(Some(found.clone()).filter(|found| found.id == id)));
        assert_eq!(show_customer(&mut snapshot, acme.id).unwrap(), acme);
        let unknown = show_customer(&mut snapshot, CustomerId(Uuid::nil()));
        assert!(matches!(unknown, Err(ShowCustomerError::NoSuchCustomer)));
    }
}
