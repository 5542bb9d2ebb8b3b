//! Accounts of the customer.

use conversation_domain::model::account::{Account, AccountQueries, AccountRepository};
use diesel::prelude::*;
use talk_domain::kernel::id::AccountId;
use talk_domain::kernel::page::{Cursor, Page, PageRequest};
use talk_domain::kernel::store_error::StoreError;

use crate::connection::MultiBackend;
use crate::error::fault;
use crate::portable::conversations::rows::AccountRow;
use crate::portable::conversations::schema::accounts;
use crate::portable::deadline::talk_in_time;
use crate::portable::paging::{behind, one_page};
use crate::portable::rows::{bytes, number};
use crate::portable::scope::{Scope, all, changed};

impl Scope<'_> {
    fn account(&mut self, id: AccountId) -> Result<Option<Account>, StoreError> {
        let row = accounts::table
            .filter(accounts::id.eq(bytes(id.0)))
            .filter(accounts::customer_id.eq(self.customer()))
            .select(AccountRow::as_select())
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        row.map(Account::try_from).transpose()
    }
}

impl AccountRepository for Scope<'_> {
    fn get(&mut self, id: AccountId) -> Result<Option<Account>, StoreError> {
        self.account(id)
    }

    fn count(&mut self) -> Result<usize, StoreError> {
        let count: i64 = accounts::table
            .filter(accounts::customer_id.eq(self.customer()))
            .count()
            .get_result(self.conn)
            .map_err(fault)?;
        number(count)
    }

    fn insert(&mut self, account: &Account) -> Result<(), StoreError> {
        self.assert_same_customer(account.customer)?;
        diesel::insert_into(accounts::table)
            .values(AccountRow::from(account))
            .execute(self.changing())
            .map(drop)
            .map_err(fault)
    }

    fn update(&mut self, account: &Account) -> Result<(), StoreError> {
        self.assert_same_customer(account.customer)?;
        let known = accounts::table
            .filter(accounts::id.eq(bytes(account.id.0)))
            .filter(accounts::customer_id.eq(self.customer()));
        let rows = diesel::update(known)
            .set(AccountRow::from(account))
            .execute(self.changing())
            .map_err(fault)?;
        changed(rows)
    }

    fn delete(&mut self, id: AccountId) -> Result<(), StoreError> {
        self.cache.mark_erased();
        let known = accounts::table
            .filter(accounts::id.eq(bytes(id.0)))
            .filter(accounts::customer_id.eq(self.customer()));
        let rows = diesel::delete(known)
            .execute(self.changing())
            .map_err(fault)?;
        changed(rows)
    }
}

impl AccountQueries for Scope<'_> {
    fn get(&mut self, id: AccountId) -> Result<Option<Account>, StoreError> {
        self.account(id)
    }

    fn find_anywhere(&mut self, id: AccountId) -> Result<Option<Account>, StoreError> {
        let row = accounts::table
            .filter(accounts::id.eq(bytes(id.0)))
            .select(AccountRow::as_select())
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        row.map(Account::try_from).transpose()
    }

    fn any_sealed(&mut self) -> Result<bool, StoreError> {
        let sealed = accounts::token
            .is_not_null()
            .or(accounts::secret.is_not_null());
        let first: Option<Vec<u8>> = accounts::table
            .filter(sealed)
            .select(accounts::id)
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        Ok(first.is_some())
    }

    fn page(&mut self, request: PageRequest) -> Result<Page<Account>, StoreError> {
        let query = accounts::table
            .filter(talk_in_time())
            .filter(accounts::customer_id.eq(self.customer()))
            .select(AccountRow::as_select())
            .into_boxed::<MultiBackend>();
        let query = behind!(query, request, accounts::created_at, accounts::id);
        let rows = one_page!(query, request, accounts::created_at, accounts::id)
            .load(self.conn)
            .map_err(fault)?;
        Ok(Page::cut(all(rows)?, request.size, |account: &Account| {
            Cursor {
                at: account.created,
                id: Some(account.id.0),
            }
        }))
    }
}
