//! Intercepts of the customer.

use diesel::prelude::*;
use talk_domain::hooks::intercept::{Intercept, InterceptQueries, InterceptRepository, Point};
use talk_domain::kernel::store_error::StoreError;

use crate::error::fault;
use crate::portable::rows::bytes;
use crate::portable::rows::intercept::InterceptRow;
use crate::portable::schema::intercepts;
use crate::portable::scope::{Scope, all};

impl Scope<'_> {
    fn intercept(&mut self, point: Point) -> Result<Option<Intercept>, StoreError> {
        let row = intercepts::table
            .find((self.customer(), point.as_str()))
            .select(InterceptRow::as_select())
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        row.map(Intercept::try_from).transpose()
    }
}

impl InterceptRepository for Scope<'_> {
    fn get(&mut self, point: Point) -> Result<Option<Intercept>, StoreError> {
        self.intercept(point)
    }

    fn put(&mut self, intercept: &Intercept) -> Result<(), StoreError> {
        self.assert_same_customer(intercept.customer)?;
        let row = InterceptRow::from(intercept);
        let known = intercepts::table.find((bytes(intercept.customer.0), intercept.point.as_str()));
        let updated = diesel::update(known)
            .set(&row)
            .execute(self.changing())
            .map_err(fault)?;
        if updated > 0 {
            return Ok(());
        }
        diesel::insert_into(intercepts::table)
            .values(row)
            .execute(self.changing())
            .map(drop)
            .map_err(fault)
    }

    fn remove(&mut self, point: Point) -> Result<(), StoreError> {
        self.cache.mark_erased();
        let known = intercepts::table.find((self.customer(), point.as_str()));
        diesel::delete(known)
            .execute(self.changing())
            .map(drop)
            .map_err(fault)
    }
}

impl InterceptQueries for Scope<'_> {
    fn get(&mut self, point: Point) -> Result<Option<Intercept>, StoreError> {
        self.intercept(point)
    }

    fn enabled(&mut self) -> Result<Vec<Intercept>, StoreError> {
        let rows = intercepts::table
            .filter(intercepts::is_enabled.eq(1))
            .select(InterceptRow::as_select())
            .load(self.conn)
            .map_err(fault)?;
        all(rows)
    }

    fn any(&mut self) -> Result<bool, StoreError> {
        let first: Option<Vec<u8>> = intercepts::table
            .select(intercepts::customer_id)
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        Ok(first.is_some())
    }
}
