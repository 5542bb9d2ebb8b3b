//! Distinguishes a database of Talk from one of another program, before anything is written.

use diesel::prelude::*;
use diesel::result::{Error, QueryResult};
use diesel::sql_types::{Integer, Text};

/// `application_id` in the header of the file, set by a migration: "Talk" in ASCII.
const APPLICATION_ID: i32 = 0x5461_6c6b;

/// A table that every version of Talk has.
const OUR_TABLE: &str = "talk_meta";

/// Tables named in the refusal.
const NAMED: usize = 3;

/// The owner of a database file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// No program: it has no tables.
    Nobody,
    /// Talk.
    Talk,
    /// Another program, with a description of the contents.
    Other(String),
}

#[derive(QueryableByName)]
struct ApplicationId {
    #[diesel(sql_type = Integer)]
    application_id: i32,
}

#[derive(QueryableByName)]
struct Table {
    #[diesel(sql_type = Text)]
    name: String,
}

/// Reads the owner of a database. Databases of versions without an application id are known by
/// their tables.
pub(crate) fn owner(conn: &mut SqliteConnection) -> QueryResult<Owner> {
    let id = diesel::sql_query("PRAGMA application_id").get_result(conn);
    let ApplicationId { application_id } = match id {
        Err(error) if is_no_database(&error) => {
            return Ok(Owner::Other("it is no SQLite database".to_owned()));
        }
        id => id?,
    };
    let tables: Vec<Table> = diesel::sql_query(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE \
         '\\' ORDER BY name",
    )
    .load(conn)?;
    let is_ours = tables.iter().any(|table| table.name == OUR_TABLE);
    Ok(match application_id {
        APPLICATION_ID => Owner::Talk,
        0 if is_ours => Owner::Talk,
        0 if tables.is_empty() => Owner::Nobody,
        0 => {
            let names = tables.iter().take(NAMED).map(|table| table.name.as_str());
            let names: Vec<_> = names.collect();
            Owner::Other(format!("its tables are {}", names.join(", ")))
        }
        id => Owner::Other(format!("its application id is {id:#x}")),
    })
}

fn is_no_database(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(_, info) if info.message().contains("not a database"))
}
