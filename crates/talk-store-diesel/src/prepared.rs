//! Statements of the hot path that Diesel would prepare anew each time.
//!
//! It never keeps a prepared `UPDATE`, since the columns of a changeset can vary, and preparing
//! one costs as much as running it. A statement of fixed text is kept.

use diesel::backend::Backend;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::query_dsl::RunQueryDsl;
use diesel::result::QueryResult;
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, Binary, Nullable, Text};

/// A value of a statement.
pub(crate) enum Value<'a> {
    /// An id.
    Bytes(&'a [u8]),
    /// Text.
    Text(&'a str),
    /// A number or a time.
    Number(i64),
    /// A time, if any.
    Optional(Option<i64>),
}

/// A statement of fixed text; each `?` is the next of `values`.
pub(crate) struct Prepared<'a, const N: usize> {
    /// SQL that every database understands.
    pub(crate) sql: &'static str,
    /// One for each `?`.
    pub(crate) values: [Value<'a>; N],
}

impl<DB, const N: usize> QueryFragment<DB> for Prepared<'_, N>
where
    DB: Backend,
    [u8]: ToSql<Binary, DB>,
    str: ToSql<Text, DB>,
    i64: ToSql<BigInt, DB>,
    Option<i64>: ToSql<Nullable<BigInt>, DB>,
{
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        let mut values = self.values.iter();
        for part in self.sql.split_inclusive('?') {
            pass.push_sql(part.trim_end_matches('?'));
            if !part.ends_with('?') {
                break;
            }
            match values.next() {
                Some(Value::Bytes(value)) => pass.push_bind_param::<Binary, [u8]>(value)?,
                Some(Value::Text(value)) => pass.push_bind_param::<Text, str>(value)?,
                Some(Value::Number(value)) => pass.push_bind_param::<BigInt, i64>(value)?,
                Some(Value::Optional(value)) => {
                    pass.push_bind_param::<Nullable<BigInt>, Option<i64>>(value)?;
                }
                None => {
                    return Err(diesel::result::Error::QueryBuilderError(
                        "a statement has more places than values".into(),
                    ));
                }
            }
        }
        Ok(())
    }
}

/// Found among the kept ones by its text.
impl<const N: usize> QueryId for Prepared<'_, N> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

/// When it reads, it reads numbers.
impl<const N: usize> Query for Prepared<'_, N> {
    type SqlType = BigInt;
}

impl<C, const N: usize> RunQueryDsl<C> for Prepared<'_, N> {}
