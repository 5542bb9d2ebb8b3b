//! Reads query plans of SQLite.

use diesel::prelude::*;
use diesel::sql_types::{Integer, Text};

use crate::connection::AnyConnection;

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Integer)]
    #[expect(dead_code, reason = "SQLite's answer has it")]
    id: i32,
    #[diesel(sql_type = Text)]
    detail: String,
}

/// Returns the steps of a statement's plan.
pub(super) fn plan(conn: &mut AnyConnection, sql: &str) -> Vec<String> {
    let AnyConnection::Sqlite(conn) = conn;
    let steps: Vec<Step> = diesel::sql_query(format!("EXPLAIN QUERY PLAN {sql}"))
        .load(conn)
        .unwrap();
    steps.into_iter().map(|step| step.detail).collect()
}

/// Returns whether a step scans a table; a match in the search index does not.
pub(super) fn scans(step: &str) -> bool {
    let mut is_lookup = step.starts_with("SCAN talk_search VIRTUAL TABLE INDEX");
    is_lookup &= step.contains(":M");
    step.starts_with("SCAN") && !is_lookup
}
