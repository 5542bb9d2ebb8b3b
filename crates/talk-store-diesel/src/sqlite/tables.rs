//! Tests that the migrated tables are those of `schema.rs`.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::sqlite::connection;

type Tables = BTreeMap<String, BTreeMap<String, String>>;

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    table: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = BigInt)]
    not_null: i64,
}

fn migrated(conn: &mut SqliteConnection) -> Tables {
    let columns: Vec<Column> = diesel::sql_query(
        "SELECT t.name AS 'table', c.name AS name, c.type AS kind, c.\"notnull\" AS not_null
         FROM pragma_table_list t JOIN pragma_table_info(t.name) c
         WHERE t.schema = 'main' AND t.type = 'table' AND t.name LIKE 'talk\\_%' ESCAPE '\\' ORDER BY t.name, c.cid",
    )
    .load(conn)
    .unwrap();
    let mut tables = Tables::new();
    for column in columns {
        let kind = match column.kind.as_str() {
            "BLOB" => "Binary",
            "TEXT" => "Text",
            "BIGINT" | "INTEGER" => "BigInt",
            other => panic!("{} is of an unknown type {other}", column.name),
        };
        let kind = match column.not_null {
            0 => format!("Nullable<{kind}>"),
            _ => kind.to_owned(),
        };
        tables
            .entry(column.table)
            .or_default()
            .insert(column.name, kind);
    }
    tables
}

/// The tables of both schemas. SQLite's declares some columns of the other one again.
fn declared() -> Tables {
    let mut tables = Tables::new();
    let mut table = String::new();
    let schemas = [
        include_str!("../portable/schema.rs"),
        include_str!("../portable/schema/uploads.rs"),
        include_str!("../portable/schema/hooks.rs"),
        include_str!("../portable/conversations/schema.rs"),
        include_str!("schema.rs"),
    ];
    for line in schemas.into_iter().flat_map(str::lines).map(str::trim) {
        if let Some(name) = line.strip_prefix("#[sql_name = \"") {
            name.trim_end_matches("\"]").clone_into(&mut table);
        } else if let Some((name, kind)) = line.split_once(" -> ") {
            let kind = kind.trim_end_matches(',').to_owned();
            let columns = tables.entry(table.clone()).or_default();
            let before = columns.insert(name.to_owned(), kind.clone());
            assert!(before.is_none_or(|before| before == kind), "{table}.{name}");
        }
    }
    tables
}

#[test]
fn the_migrated_tables_are_the_declared_ones() {
    let directory = tempfile::tempdir().unwrap();
    let mut conn = connection::writer(&directory.path().join("talk.db")).unwrap();
    connection::migrate(&mut conn).unwrap();
    let tables = migrated(&mut conn);
    assert_eq!(tables.len(), 44);
    assert_eq!(tables, declared());
}

/// `.cargo/config.toml`: a statement is prepared once, whatever values it is run with.
#[test]
fn sqlite_is_compiled_for_how_it_is_used() {
    #[derive(QueryableByName)]
    struct CompileOption {
        #[diesel(sql_type = Text)]
        compile_options: String,
    }
    let mut conn = SqliteConnection::establish(":memory:").unwrap();
    let options: Vec<CompileOption> = diesel::sql_query("PRAGMA compile_options")
        .load(&mut conn)
        .unwrap();
    let has = |name: &str| options.iter().any(|option| option.compile_options == name);
    for (name, is_wanted) in [
        ("THREADSAFE=2", true),
        ("ENABLE_QPSG", true),
        ("ENABLE_STAT4", false),
        ("ENABLE_MEMORY_MANAGEMENT", false),
    ] {
        assert_eq!(has(name), is_wanted, "{name}");
    }
}
