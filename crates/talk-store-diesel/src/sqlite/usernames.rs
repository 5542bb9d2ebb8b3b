//! Computes the keys of usernames that were stored by versions without keys.

use std::collections::HashSet;

use diesel::prelude::*;
use diesel::result::QueryResult;
use talk_domain::kernel::username_key::username_key;

use crate::portable::schema::agents;

/// Stores the key of every agent without one, unless another agent has it: of agents whose names
/// differ only in case or form, the oldest that is not deleted gets the key.
pub(crate) fn fill_keys(conn: &mut SqliteConnection) -> QueryResult<()> {
    let unkeyed: Vec<(Vec<u8>, String)> = agents::table
        .filter(agents::username_key.is_null())
        .order((
            agents::deleted_at.is_not_null().asc(),
            agents::created_at.asc(),
            agents::id.asc(),
        ))
        .select((agents::id, agents::username))
        .load(conn)?;
    if unkeyed.is_empty() {
        return Ok(());
    }
    let mut taken: HashSet<String> = agents::table
        .filter(agents::username_key.is_not_null())
        .select(agents::username_key.assume_not_null())
        .load(conn)?
        .into_iter()
        .collect();
    for (id, username) in unkeyed {
        let key = username_key(&username);
        if taken.insert(key.clone()) {
            diesel::update(agents::table.find(id))
                .set(agents::username_key.eq(Some(key)))
                .execute(conn)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::connection;

    fn keys(conn: &mut SqliteConnection) -> Vec<(String, Option<String>)> {
        agents::table
            .order(agents::created_at)
            .select((agents::username, agents::username_key))
            .load(conn)
            .unwrap()
    }

    /// Case 57: an update renames nobody.
    #[test]
    fn of_names_that_differ_in_case_alone_the_oldest_gets_the_key_and_none_is_renamed() {
        let directory = tempfile::tempdir().unwrap();
        let mut conn = connection::writer(&directory.path().join("talk.db")).unwrap();
        connection::migrate(&mut conn).unwrap();
        for (n, (username, deleted)) in [
            ("DAVE", Some(9)),
            ("Dave", None),
            ("dave", None),
            ("eve", None),
            ("Eve\u{200b}", None),
        ]
        .into_iter()
        .enumerate()
        {
            let n = i64::try_from(n).unwrap();
            diesel::sql_query(
                "INSERT INTO talk_agents (id, customer_id, username, password_hash, name, detail,
                 permission, status, token_generation, created_at, updated_at, deleted_at)
                 VALUES (?, x'01', ?, '', '', '', 16, 'active', 0, ?, 0, ?)",
            )
            .bind::<diesel::sql_types::Binary, _>(vec![u8::try_from(n).unwrap(); 16])
            .bind::<diesel::sql_types::Text, _>(username)
            .bind::<diesel::sql_types::BigInt, _>(n)
            .bind::<diesel::sql_types::Nullable<diesel::sql_types::BigInt>, _>(deleted)
            .execute(&mut conn)
            .unwrap();
        }
        let expected = [
            ("DAVE", None),
            ("Dave", Some("dave")),
            ("dave", None),
            ("eve", Some("eve")),
            ("Eve\u{200b}", Some("eve\u{200b}")),
        ];
        let expected = expected.map(|(name, key)| (name.to_owned(), key.map(str::to_owned)));
        for _ in 0..2 {
            // The start.
            connection::migrate(&mut conn).unwrap();
            assert_eq!(keys(&mut conn), expected);
        }
    }
}
