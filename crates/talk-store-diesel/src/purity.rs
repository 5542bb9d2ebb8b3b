//! Tests that `portable/` names no database and uses nothing that only some databases have.

use std::path::Path;

use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::sqlite::connection;

/// Names that no code below `portable/` has, in any case, each with its reason.
const NAMES: [(&str, &str); 13] = [
    ("sqlite", "is one database"),
    ("sqliteconnection", "is one database"),
    ("postgres", "is one database"),
    ("mysql", "is one database"),
    ("pragma", "is SQLite's"),
    ("rowid", "is SQLite's"),
    ("glob", "is SQLite's"),
    ("instr", "is not in PostgreSQL"),
    ("fts5", "is SQLite's full-text search"),
    ("replace_into", "is not in PostgreSQL"),
    ("insert_or_ignore_into", "is not in PostgreSQL"),
    ("on_conflict", "differs between PostgreSQL and MySQL"),
    ("returning", "is not in MySQL"),
];

/// Parts of statements that no code below `portable/` has, each with its reason.
const PARTS: [(&str, &str); 6] = [
    ("replace into", "is not in PostgreSQL"),
    ("insert or ", "is SQLite's"),
    ("on conflict", "differs between PostgreSQL and MySQL"),
    ("on duplicate", "is MySQL's"),
    (" match ?", "is SQLite's full-text search"),
    (
        "? + 1",
        "gives two concurrent transactions the same next number",
    ),
];

/// Returns what is wrong with a line of code.
fn problems(line: &str) -> Vec<String> {
    let code = line.trim().to_lowercase();
    if code.starts_with("//") {
        return Vec::new();
    }
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words: Vec<&str> = code.split(|c| !is_name(c)).collect();
    let named = NAMES.iter().filter(|(name, _)| words.contains(name));
    let contained = PARTS.iter().filter(|(part, _)| code.contains(part));
    let found = named.chain(contained);
    found
        .map(|(what, reason)| format!("`{what}` {reason}: {}", line.trim()))
        .collect()
}

/// The files below a directory with their contents.
fn files(directory: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let text = std::fs::read_to_string(&path).unwrap();
            found.push((path.display().to_string(), text));
        }
    }
    found
}

#[test]
fn portable_code_names_no_database_and_nothing_that_only_some_have() {
    let portable = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/portable");
    let files = files(&portable);
    assert!(files.len() > 30, "{}", files.len());
    let mut found = Vec::new();
    for (path, text) in files {
        let lines = text.lines().flat_map(problems);
        found.extend(lines.map(|problem| format!("{path}: {problem}")));
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn what_only_some_databases_have_is_found() {
    for line in [
        "use crate::sqlite::connection;",
        "let own = crate::sqlite::search::index::reached(conn)?;",
        "conn: &mut SqliteConnection,",
        "\"REPLACE INTO talk_meta (key, value) VALUES (?, ?)\",",
        "\"INSERT OR IGNORE INTO talk_meta\"",
        "diesel::replace_into(meta::table)",
        ".on_conflict(meta::key)",
        "\"SELECT rowid FROM talk_search WHERE talk_search MATCH ? AND\"",
        "let next = self.last_session_end()? + 1;",
    ] {
        assert!(!problems(line).is_empty(), "{line}");
    }
    for line in [
        "// SQLite has one writer.",
        "fn replace(&mut self, agent: &Agent) -> Result<(), StoreError> {",
        "match row.author()? {",
        "let places = seq + 1;",
    ] {
        assert_eq!(problems(line), Vec::<String>::new());
    }
}

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    declaration: String,
}

/// On PostgreSQL, transactions commit in another order than they took such numbers: whoever reads
/// on behind the last one misses rows.
#[test]
fn no_column_of_the_portable_schema_is_numbered_by_the_database() {
    let directory = tempfile::tempdir().unwrap();
    let mut conn = connection::writer(&directory.path().join("talk.db")).unwrap();
    connection::migrate(&mut conn).unwrap();
    let numbered: Vec<Column> = diesel::sql_query(
        "SELECT t.name || '.' || c.name AS declaration FROM pragma_table_list t JOIN \
         pragma_table_info(t.name) c WHERE t.schema = 'main' AND t.type = 'table' AND c.pk = 1 AND \
         c.type = 'INTEGER' AND t.name LIKE 'talk\\_%' ESCAPE '\\' ORDER BY 1",
    )
    .load(&mut conn)
    .unwrap();
    let numbered: Vec<String> = numbered
        .into_iter()
        .map(|column| column.declaration)
        .collect();
    assert!(numbered.contains(&"talk_messages.serial".to_owned()));
    let mut table = String::new();
    let schemas = [
        include_str!("portable/schema.rs"),
        include_str!("portable/conversations/schema.rs"),
    ];
    for line in schemas.into_iter().flat_map(str::lines).map(str::trim) {
        if let Some(name) = line.strip_prefix("#[sql_name = \"") {
            name.trim_end_matches("\"]").clone_into(&mut table);
        } else if let Some((name, _)) = line.split_once(" -> ") {
            let column = format!("{table}.{name}");
            assert!(!numbered.contains(&column), "{column}");
        }
    }
}
