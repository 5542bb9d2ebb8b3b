//! Scans a whole database for states that a running server never leaves.

mod conversations;

use std::path::Path;

use diesel::prelude::*;
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Text};

use crate::error::OpenError;
use crate::location::Location;
use crate::portable::conversations::schema::receipts;
use crate::sqlite::connection;

/// Problems and the queries that count them. Checks of logs start after their expired events.
const CHECKS: [(&str, &str); 27] = [
    (
        "the log has no identity",
        "SELECT 1 - COUNT(*) AS n FROM talk_meta WHERE key = 'epoch'",
    ),
    (
        "agents without their customer",
        "SELECT COUNT(*) AS n FROM talk_agents a WHERE NOT EXISTS \
         (SELECT 1 FROM talk_customers c WHERE c.id = a.customer_id)",
    ),
    (
        "access keys without their agent",
        "SELECT COUNT(*) AS n FROM talk_access_keys k WHERE NOT EXISTS \
         (SELECT 1 FROM talk_agents a WHERE a.id = k.agent_id AND a.customer_id = k.customer_id)",
    ),
    (
        "kept answers without their agent",
        "SELECT COUNT(*) AS n FROM talk_idempotency i WHERE NOT EXISTS \
         (SELECT 1 FROM talk_agents a WHERE a.id = i.agent_id AND a.customer_id = i.customer_id)",
    ),
    (
        "deletions to be cleaned up without their customer",
        "SELECT COUNT(*) AS n FROM talk_cleanups c WHERE NOT EXISTS \
         (SELECT 1 FROM talk_customers u WHERE u.id = c.customer_id)",
    ),
    (
        "chats without their customer",
        "SELECT COUNT(*) AS n FROM talk_chats h WHERE NOT EXISTS \
         (SELECT 1 FROM talk_customers c WHERE c.id = h.customer_id)",
    ),
    (
        "participants without their chat",
        "SELECT COUNT(*) AS n FROM talk_participants p WHERE NOT EXISTS \
         (SELECT 1 FROM talk_chats h WHERE h.id = p.chat_id AND h.customer_id = p.customer_id)",
    ),
    (
        "participants without their agent",
        "SELECT COUNT(*) AS n FROM talk_participants p WHERE NOT EXISTS \
         (SELECT 1 FROM talk_agents a WHERE a.id = p.agent_id AND a.customer_id = p.customer_id)",
    ),
    (
        "chats with another number of participants than they say",
        "SELECT COUNT(*) AS n FROM talk_chats h WHERE h.member_count <> \
         (SELECT COUNT(*) FROM talk_participants p WHERE p.chat_id = h.id) AND NOT EXISTS (SELECT \
         1 FROM talk_cleanups c WHERE c.kind = 'chat' AND c.subject = h.id)",
    ),
    (
        "participants that are deleted and not to be removed",
        "SELECT COUNT(*) AS n FROM talk_participants p JOIN talk_agents a ON a.id = p.agent_id \
         WHERE a.deleted_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM talk_cleanups c WHERE \
         (c.kind IN ('agent', 'author') AND c.subject = a.id) OR (c.kind = 'chat' AND c.subject = p.chat_id) \
         OR (c.kind = 'customer' AND c.subject = a.customer_id))",
    ),
    (
        // Only erased agents have no password.
        "messages of erased agents that are not to be erased",
        "SELECT COUNT(*) AS n FROM talk_messages m JOIN talk_agents a ON a.id = m.author_id WHERE \
         a.password_hash = '' AND a.deleted_at IS NOT NULL AND m.system_kind IS NULL AND m.deleted_at IS NULL AND NOT EXISTS \
         (SELECT 1 FROM talk_cleanups c WHERE c.kind = 'author' AND c.subject = a.id)",
    ),
    (
        "access keys of erased agents that are not to be removed",
        "SELECT COUNT(*) AS n FROM talk_access_keys k JOIN talk_agents a ON a.id = k.agent_id WHERE \
         a.password_hash = '' AND a.deleted_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM talk_cleanups c WHERE c.kind = 'author' \
         AND c.subject = a.id)",
    ),
    (
        "earlier versions of deleted messages that are not to be removed",
        "SELECT COUNT(*) AS n FROM talk_revisions r JOIN talk_messages m ON m.id = r.message_id \
         WHERE m.deleted_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM talk_cleanups c WHERE \
         c.kind = 'message' AND c.subject = m.id)",
    ),
    (
        "mentions without their message",
        "SELECT COUNT(*) AS n FROM talk_mentions t WHERE NOT EXISTS (SELECT 1 FROM talk_messages \
         m WHERE m.chat_id = t.chat_id AND m.created_at = t.created_at AND m.deleted_at IS NULL \
         AND (instr(m.text, '@') OR instr(m.text, char(0xFF20)) OR instr(m.text, char(0xFE6B))))",
    ),
    (
        "read marks without their participant",
        "SELECT COUNT(*) AS n FROM talk_read_marks r WHERE NOT EXISTS (SELECT 1 FROM \
         talk_participants p WHERE p.chat_id = r.chat_id AND p.agent_id = r.agent_id)",
    ),
    (
        "read marks that are at no message",
        "SELECT COUNT(*) AS n FROM talk_read_marks r JOIN talk_chats h ON h.id = r.chat_id WHERE \
         r.seq > h.last_seq OR (r.seq > h.log_start AND NOT EXISTS (SELECT 1 FROM talk_messages m \
         WHERE m.chat_id = r.chat_id AND m.seq = r.seq AND m.created_at = r.seq_at))",
    ),
    (
        "events without their chat",
        "SELECT COUNT(*) AS n FROM talk_events e WHERE e.realm = 'chat' AND NOT EXISTS \
         (SELECT 1 FROM talk_chats h WHERE h.id = e.stream_id AND h.customer_id = e.customer_id)",
    ),
    (
        "chats whose log has gaps or another end than they say",
        "SELECT COUNT(*) AS n FROM talk_chats h WHERE h.last_seq - h.log_start <> (SELECT \
         COUNT(*) FROM talk_events e WHERE e.stream_id = h.id AND e.seq > h.log_start AND e.seq <= \
         h.last_seq) OR EXISTS (SELECT 1 FROM talk_events e WHERE e.stream_id = h.id AND (e.seq > \
         h.last_seq OR e.seq <= h.log_start))",
    ),
    (
        "messages without their chat",
        "SELECT COUNT(*) AS n FROM talk_messages m WHERE NOT EXISTS \
         (SELECT 1 FROM talk_chats h WHERE h.id = m.chat_id AND h.customer_id = m.customer_id)",
    ),
    (
        "messages without the event that tells of them",
        "SELECT COUNT(*) AS n FROM talk_messages m JOIN talk_chats h ON h.id = m.chat_id WHERE \
         m.seq > h.log_start AND NOT EXISTS (SELECT 1 FROM talk_events e WHERE e.stream_id = \
         m.chat_id AND e.seq = m.seq AND e.kind = 'message_posted' AND e.subject = m.id)",
    ),
    (
        "events that tell of messages that are not there",
        "SELECT COUNT(*) AS n FROM talk_events e WHERE e.kind = 'message_posted' AND NOT EXISTS \
         (SELECT 1 FROM talk_messages m WHERE m.id = e.subject AND m.seq = e.seq)",
    ),
    (
        "messages with another number of replies than they say",
        "SELECT COUNT(*) AS n FROM talk_messages m WHERE m.reply_count <> (SELECT COUNT(*) FROM \
         talk_messages r WHERE r.parent_id = m.id AND r.deleted_at IS NULL)",
    ),
    (
        "messages with another number of reactions than they say",
        "SELECT COUNT(*) AS n FROM talk_messages m WHERE m.reaction_count <> \
         (SELECT COUNT(*) FROM talk_reactions r WHERE r.message_id = m.id)",
    ),
    (
        "reactions without their message",
        "SELECT COUNT(*) AS n FROM talk_reactions r WHERE NOT EXISTS \
         (SELECT 1 FROM talk_messages m WHERE m.id = r.message_id)",
    ),
    (
        "earlier versions without their message",
        "SELECT COUNT(*) AS n FROM talk_revisions r WHERE NOT EXISTS \
         (SELECT 1 FROM talk_messages m WHERE m.id = r.message_id)",
    ),
    (
        "messages the search index has passed and does not know",
        "SELECT COUNT(*) AS n FROM talk_messages m WHERE m.system_kind IS NULL AND m.text <> '' \
         AND m.serial <= (SELECT CAST(value AS INTEGER) FROM talk_meta WHERE key = 'search_upto') \
         AND m.serial NOT IN (SELECT serial FROM talk_search_entries UNION ALL SELECT serial FROM \
         talk_search_again)",
    ),
    (
        "entries of the search index without their message",
        "SELECT COUNT(*) AS n FROM talk_search_entries WHERE serial <> 0 AND serial NOT IN \
         (SELECT serial FROM talk_messages WHERE system_kind IS NULL AND text <> '')",
    ),
];

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

#[derive(QueryableByName)]
struct Finding {
    #[diesel(sql_type = Text)]
    integrity_check: String,
}

/// Returns the problems of the database at `url` in words. Only reads, on one snapshot.
///
/// # Errors
/// See [`OpenError`]. A wrong URL creates nothing.
pub fn examine(url: &str) -> Result<Vec<String>, OpenError> {
    let Location::Sqlite(path) = Location::parse(url)?;
    examine_file(&path)
}

/// The same for the file at `path`.
pub(crate) fn examine_file(path: &Path) -> Result<Vec<String>, OpenError> {
    let mut conn = connection::reader(path).map_err(OpenError::Connect)?;
    let found = conn.transaction(problems);
    found.map_err(|error| OpenError::Connect(error.into()))
}

/// Returns the number of messages that are not in the search index yet: searches compare them one
/// by one.
///
/// # Errors
/// See [`OpenError`]. A wrong URL creates nothing.
pub fn search_backlog(url: &str) -> Result<u64, OpenError> {
    let Location::Sqlite(path) = Location::parse(url)?;
    let mut conn = connection::reader(&path).map_err(OpenError::Connect)?;
    let sql = "SELECT (SELECT COUNT(*) FROM talk_messages WHERE serial > (SELECT CAST(value AS \
               INTEGER) FROM talk_meta WHERE key = 'search_upto')) + (SELECT COUNT(*) FROM \
               talk_search_again) AS n";
    let counted = diesel::sql_query(sql).get_result(&mut conn);
    let Count { n } = counted.map_err(|error| OpenError::Connect(error.into()))?;
    Ok(u64::try_from(n).unwrap_or(0))
}

/// Returns the number of unfinished cleanups in the database at `url`.
///
/// # Errors
/// See [`OpenError`]. A wrong URL creates nothing.
pub fn cleanup_backlog(url: &str) -> Result<u64, OpenError> {
    let Location::Sqlite(path) = Location::parse(url)?;
    let mut conn = connection::reader(&path).map_err(OpenError::Connect)?;
    let counted =
        diesel::sql_query("SELECT COUNT(*) AS n FROM talk_cleanups").get_result(&mut conn);
    let Count { n } = counted.map_err(|error| OpenError::Connect(error.into()))?;
    Ok(u64::try_from(n).unwrap_or(0))
}

/// Returns the number of requests of providers that have waited since before a time, in microseconds.
///
/// # Errors
/// See [`OpenError`]. A wrong URL creates nothing.
pub fn receipts_waiting(url: &str, before: i64) -> Result<u64, OpenError> {
    let Location::Sqlite(path) = Location::parse(url)?;
    let mut conn = connection::reader(&path).map_err(OpenError::Connect)?;
    let counted = receipts::table
        .filter(receipts::waiting_since.lt(before))
        .count()
        .get_result::<i64>(&mut conn);
    let n = counted.map_err(|error| OpenError::Connect(error.into()))?;
    Ok(u64::try_from(n).unwrap_or(0))
}

fn problems(conn: &mut SqliteConnection) -> QueryResult<Vec<String>> {
    let findings: Vec<Finding> = diesel::sql_query("PRAGMA integrity_check").load(conn)?;
    let findings = findings.into_iter().map(|finding| finding.integrity_check);
    let mut problems: Vec<_> = findings
        .filter(|finding| finding != "ok")
        .map(|finding| format!("the file: {finding}"))
        .collect();
    for (what, sql) in CHECKS.into_iter().chain(conversations::CHECKS) {
        let Count { n } = diesel::sql_query(sql).get_result(conn)?;
        if n > 0 {
            problems.push(format!("{n} × {what}"));
        }
    }
    let wrong = conversations::wrong_keys(conn)?;
    if wrong > 0 {
        problems.push(format!(
            "{wrong} × rooms whose key is not that of their addresses"
        ));
    }
    Ok(problems)
}

#[cfg(test)]
mod steps;

#[cfg(test)]
mod tests {
    use diesel::connection::SimpleConnection;

    use super::*;
    use crate::connection::AnyConnection;
    use crate::sqlite::plans::play;

    /// Returns the problems found after `tampering` with a sound database.
    fn after(tampering: &str) -> Vec<String> {
        let (_directory, conn, _) = play();
        let AnyConnection::Sqlite(mut conn) = conn;
        connection::epoch(&mut conn).unwrap();
        let customers =
            "INSERT INTO talk_customers SELECT DISTINCT customer_id, 'C', 0, 0 FROM talk_agents";
        diesel::sql_query(customers).execute(&mut conn).unwrap();
        conn.batch_execute(tampering).unwrap();
        problems(&mut conn).unwrap()
    }

    #[test]
    fn a_sound_database_has_no_problems() {
        assert!(after("SELECT 1").is_empty(), "{:?}", after("SELECT 1"));
    }

    #[test]
    fn whatever_is_lost_is_missed() {
        for (tampering, expected) in [
            ("DELETE FROM talk_meta", "no identity"),
            (
                "DELETE FROM talk_customers",
                "agents without their customer",
            ),
            (
                "DELETE FROM talk_agents",
                "participants without their agent",
            ),
            ("DELETE FROM talk_chats", "messages without their chat"),
            (
                "DELETE FROM talk_participants",
                "another number of participants",
            ),
            ("DELETE FROM talk_messages", "messages that are not there"),
            ("DELETE FROM talk_events", "without the event"),
            ("DELETE FROM talk_events WHERE seq = 2", "has gaps"),
            ("UPDATE talk_chats SET log_start = 2", "has gaps"),
            ("DELETE FROM talk_reactions", "number of reactions"),
            (
                "UPDATE talk_chats SET last_seq = last_seq + 1",
                "another end",
            ),
            (
                "UPDATE talk_messages SET reply_count = 7",
                "number of replies",
            ),
            ("DELETE FROM talk_search_entries", "does not know"),
            (
                "DELETE FROM talk_cleanups; INSERT INTO talk_revisions SELECT id, 1, 'x', '[]' \
                 FROM talk_messages WHERE deleted_at IS NOT NULL",
                "earlier versions of deleted messages",
            ),
            (
                "UPDATE talk_mentions SET created_at = 1",
                "mentions without their message",
            ),
            (
                "UPDATE talk_agents SET deleted_at = 1",
                "participants that are deleted",
            ),
            (
                "UPDATE talk_messages SET text = ''",
                "entries of the search index",
            ),
        ] {
            let problems = after(tampering);
            let is_found = problems.iter().any(|problem| problem.contains(expected));
            assert!(is_found, "{tampering}: {problems:?}");
        }
    }

    #[test]
    fn whatever_an_erasure_should_have_taken_is_found() {
        for (tampering, expected) in [
            (
                "INSERT INTO talk_idempotency SELECT NULL, x'01', 'key', id, x'02', 'body', NULL, NULL, \
                 NULL, 0, NULL FROM talk_customers",
                "kept answers without their agent",
            ),
            (
                "INSERT INTO talk_cleanups (customer_id, kind, subject) VALUES (x'01', 'chat', x'02')",
                "deletions to be cleaned up without their customer",
            ),
            (
                "DELETE FROM talk_cleanups; UPDATE talk_agents SET password_hash = '', deleted_at = 1",
                "messages of erased agents",
            ),
            (
                "DELETE FROM talk_cleanups; UPDATE talk_agents SET password_hash = '', deleted_at = 1; INSERT INTO \
                 talk_access_keys SELECT id, customer_id, id, '', '', id, '', NULL, 0, 0, NULL, 0 FROM \
                 talk_agents LIMIT 1",
                "access keys of erased agents",
            ),
        ] {
            let problems = after(tampering);
            let is_found = problems.iter().any(|problem| problem.contains(expected));
            assert!(is_found, "{tampering}: {problems:?}");
        }
    }
}
