//! Customers at rest.

use diesel::prelude::*;
use talk_domain::customer::Customer;
use talk_domain::store::{CustomerRepository, StoreError};

use super::Scope;
use crate::error::fault;
use crate::rows::customer::CustomerRow;
use crate::schema::customers;

impl CustomerRepository for Scope<'_> {
    fn insert(&mut self, customer: &Customer) -> Result<(), StoreError> {
        diesel::insert_into(customers::table)
            .values(CustomerRow::from(customer))
            .execute(self.changing())
            .map(drop)
            .map_err(fault)
    }
}
