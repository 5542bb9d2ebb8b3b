//! Accounts of the customer.

use conversation_domain::model::account::{
    Account, AccountQueries, AccountRepository, AccountSecrets, Problem,
};
use conversation_domain::model::origin::Origin;
use conversation_domain::model::provider::Provider;
use diesel::prelude::*;
use talk_domain::kernel::id::AccountId;
use talk_domain::kernel::page::{Cursor, Page, PageRequest};
use talk_domain::kernel::secret::Sealed;
use talk_domain::kernel::store_error::StoreError;

use crate::connection::MultiBackend;
use crate::error::{corrupt, fault};
use crate::portable::conversations::rows::method;
use crate::portable::conversations::schema::accounts;
use crate::portable::deadline::talk_in_time;
use crate::portable::paging::{behind, one_page};
use crate::portable::rows::{at, bytes, id, number};
use crate::portable::scope::{Scope, all, changed};

#[derive(Queryable, Selectable, Insertable, AsChangeset, Identifiable)]
#[diesel(table_name = accounts, treat_none_as_default_value = false, treat_none_as_null = true)]
struct AccountRow {
    id: Vec<u8>,
    customer_id: Vec<u8>,
    method: String,
    name: String,
    detail: String,
    origins: String,
    provider: String,
    settings: String,
    numbers: String,
    token: Option<Vec<u8>>,
    secret: Option<Vec<u8>>,
    created_at: i64,
    updated_at: i64,
    problem_code: Option<String>,
    problem_reason: Option<String>,
    problem_at: Option<i64>,
}

impl From<&Account> for AccountRow {
    fn from(account: &Account) -> Self {
        let origins: Vec<_> = account.origins.iter().map(Origin::as_str).collect();
        let settings = account.provider.settings().into_iter();
        let settings = settings.map(|(name, value)| format!("{name} {value}\n"));
        let problem = account.problem.as_ref();
        let stored = |sealed: &Option<Sealed>| sealed.as_ref().map(|sealed| sealed.0.clone());
        Self {
            id: bytes(account.id.0),
            customer_id: bytes(account.customer.0),
            method: account.method.as_str().to_owned(),
            name: account.name.clone(),
            detail: account.detail.clone(),
            origins: origins.join(" "),
            provider: account.provider.as_str().to_owned(),
            settings: settings.collect(),
            numbers: account.numbers.join("\n"),
            token: stored(&account.secrets.token),
            secret: stored(&account.secrets.secret),
            created_at: account.created.as_micros(),
            updated_at: account.updated.as_micros(),
            problem_code: problem.map(|problem| problem.code.clone()),
            problem_reason: problem.map(|problem| problem.reason.clone()),
            problem_at: problem.map(|problem| problem.noticed.as_micros()),
        }
    }
}

impl TryFrom<AccountRow> for Account {
    type Error = StoreError;

    fn try_from(row: AccountRow) -> Result<Self, StoreError> {
        let setting = |name: &str| {
            let mut lines = row.settings.lines().filter_map(|line| line.split_once(' '));
            let found = lines.find(|(known, _)| *known == name);
            found.map_or_else(String::new, |(_, value)| value.to_owned())
        };
        let provider = Provider::from_settings(&row.provider, setting);
        let origins = row.origins.split_whitespace();
        let origins = origins.map(|text| Origin::parse(text).ok_or_else(|| corrupt("an origin")));
        Ok(Self {
            id: id(&row.id)?,
            customer: id(&row.customer_id)?,
            method: method(&row.method)?,
            name: row.name,
            detail: row.detail,
            origins: origins.collect::<Result<_, _>>()?,
            provider: provider.ok_or_else(|| corrupt("an unknown provider"))?,
            numbers: row.numbers.lines().map(str::to_owned).collect(),
            secrets: AccountSecrets {
                token: row.token.map(Sealed),
                secret: row.secret.map(Sealed),
            },
            problem: problem(row.problem_code, row.problem_reason, row.problem_at)?,
            created: at(row.created_at)?,
            updated: at(row.updated_at)?,
        })
    }
}

/// Makes a problem of its columns.
fn problem(
    code: Option<String>,
    reason: Option<String>,
    noticed: Option<i64>,
) -> Result<Option<Problem>, StoreError> {
    let (Some(code), Some(noticed)) = (code, noticed) else {
        return Ok(None);
    };
    Ok(Some(Problem {
        code,
        reason: reason.unwrap_or_default(),
        noticed: at(noticed)?,
    }))
}

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

    fn mark(&mut self, id: AccountId, problem: Option<Problem>) -> Result<(), StoreError> {
        let known = accounts::table
            .filter(accounts::id.eq(bytes(id.0)))
            .filter(accounts::customer_id.eq(self.customer()));
        let problem = problem.as_ref();
        let rows = diesel::update(known)
            .set((
                accounts::problem_code.eq(problem.map(|problem| &problem.code)),
                accounts::problem_reason.eq(problem.map(|problem| &problem.reason)),
                accounts::problem_at.eq(problem.map(|problem| problem.noticed.as_micros())),
            ))
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

    fn of_provider(&mut self, name: &str, limit: u32) -> Result<Vec<Account>, StoreError> {
        let rows = accounts::table
            .filter(accounts::provider.eq(name))
            .order(accounts::id.asc())
            .limit(i64::from(limit))
            .select(AccountRow::as_select())
            .load(self.conn)
            .map_err(fault)?;
        all(rows)
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
