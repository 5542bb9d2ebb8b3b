//! The row of a customer.

use diesel::prelude::*;
use talk_domain::identity::customer::Customer;
use talk_domain::kernel::store_error::StoreError;

use crate::portable::rows::{at, bytes, id};
use crate::portable::schema::customers;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = customers)]
pub(crate) struct CustomerRow {
    id: Vec<u8>,
    name: String,
    created_at: i64,
    updated_at: i64,
}

impl From<&Customer> for CustomerRow {
    fn from(customer: &Customer) -> Self {
        Self {
            id: bytes(customer.id.0),
            name: customer.name.clone(),
            created_at: customer.created.as_micros(),
            updated_at: customer.updated.as_micros(),
        }
    }
}

impl TryFrom<CustomerRow> for Customer {
    type Error = StoreError;

    fn try_from(row: CustomerRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: id(&row.id)?,
            name: row.name,
            created: at(row.created_at)?,
            updated: at(row.updated_at)?,
        })
    }
}
