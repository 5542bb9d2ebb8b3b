//! Statements of the hot path whose text is fixed when this crate is compiled.
//!
//! Diesel builds the text of an insert or an update for every execution, only to look the prepared
//! statement up, and visits each column several times. Together this costs as much as running the
//! statement. These statements are looked up by their type instead.

use std::marker::PhantomData;

use diesel::backend::Backend;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::query_dsl::RunQueryDsl;
use diesel::result::QueryResult;
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, Binary, Nullable, Text};

use crate::connection::{AnyConnection, natively};

/// A statement with its values, one for each `?`: `prepared!("DELETE … WHERE id = ?", [Value::…])`.
macro_rules! prepared {
    ($sql:expr, $values:expr) => {
        match $values {
            values => {
                struct Statement;
                impl crate::portable::fast::prepared::Sql for Statement {
                    const SQL: &'static str = $sql;
                }
                crate::portable::fast::prepared::Prepared::<Statement, _>::new(values)
            }
        }
    };
}
pub(crate) use prepared;

/// A value of a statement.
pub(crate) enum Value<'a> {
    /// An id or a hash.
    Bytes(&'a [u8]),
    /// An id, if any.
    OptionalBytes(Option<&'a [u8]>),
    /// Text.
    Text(&'a str),
    /// Text, if any.
    OptionalText(Option<&'a str>),
    /// A number or a time.
    Number(i64),
    /// A number or a time, if any.
    Optional(Option<i64>),
}

/// A type that identifies the text of a statement.
pub(crate) trait Sql: 'static {
    /// The text.
    const SQL: &'static str;
}

/// See [`prepared!`].
pub(crate) struct Prepared<'a, S, const N: usize> {
    values: [Value<'a>; N],
    text: PhantomData<S>,
}

impl<'a, S: Sql, const N: usize> Prepared<'a, S, N> {
    /// The positions of the values in the text.
    const PLACES: [usize; N] = places(S::SQL);

    /// The statement with these values.
    pub(crate) fn new(values: [Value<'a>; N]) -> Self {
        Self {
            values,
            text: PhantomData,
        }
    }

    /// Runs the statement and returns the number of changed rows.
    pub(crate) fn run(self, conn: &mut AnyConnection) -> QueryResult<usize> {
        natively!(conn, |conn| self.execute(conn))
    }
}

/// Finds the position of each `?`. Does not compile unless there is one for each value.
#[expect(clippy::indexing_slicing, reason = "while compiling")]
const fn places<const N: usize>(sql: &str) -> [usize; N] {
    let (mut places, mut found, mut at) = ([0; N], 0, 0);
    while at < sql.len() {
        if sql.as_bytes()[at] == b'?' {
            places[found] = at;
            found += 1;
        }
        at += 1;
    }
    assert!(found == N, "a statement has a value for each ?");
    places
}

impl<DB, S: Sql, const N: usize> QueryFragment<DB> for Prepared<'_, S, N>
where
    DB: Backend,
    [u8]: ToSql<Binary, DB>,
    str: ToSql<Text, DB>,
    i64: ToSql<BigInt, DB>,
    Option<i64>: ToSql<Nullable<BigInt>, DB>,
    for<'v> Option<&'v [u8]>: ToSql<Nullable<Binary>, DB>,
    for<'v> Option<&'v str>: ToSql<Nullable<Text>, DB>,
{
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        let mut start = 0;
        for (value, place) in self.values.iter().zip(Self::PLACES) {
            pass.push_sql(S::SQL.get(start..place).unwrap_or_default());
            start = place + 1;
            match value {
                Value::Bytes(value) => pass.push_bind_param::<Binary, [u8]>(value)?,
                Value::Text(value) => pass.push_bind_param::<Text, str>(value)?,
                Value::Number(value) => pass.push_bind_param::<BigInt, i64>(value)?,
                Value::Optional(value) => {
                    pass.push_bind_param::<Nullable<BigInt>, Option<i64>>(value)?;
                }
                Value::OptionalBytes(value) => {
                    pass.push_bind_param::<Nullable<Binary>, Option<&[u8]>>(value)?;
                }
                Value::OptionalText(value) => {
                    pass.push_bind_param::<Nullable<Text>, Option<&str>>(value)?;
                }
            }
        }
        pass.push_sql(S::SQL.get(start..).unwrap_or_default());
        Ok(())
    }
}

impl<S: Sql, const N: usize> QueryId for Prepared<'_, S, N> {
    type QueryId = S;
    const HAS_STATIC_QUERY_ID: bool = true;
}

/// Its result columns, if any, are numbers.
impl<S, const N: usize> Query for Prepared<'_, S, N> {
    type SqlType = BigInt;
}

impl<C, S, const N: usize> RunQueryDsl<C> for Prepared<'_, S, N> {}
