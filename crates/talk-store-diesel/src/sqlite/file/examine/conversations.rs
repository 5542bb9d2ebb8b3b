//! Checks of conversations: states that a running server never leaves.

use diesel::prelude::*;
use diesel::result::QueryResult;

use crate::portable::conversations::rows::RoomRow;
use crate::portable::conversations::schema::rooms;

/// Rooms read at once.
const PAGE: i64 = 1_000;

/// Problems and the queries that count them. The rows of a deleted conversation are left out while a
/// cleanup removes them.
pub(super) const CHECKS: [(&str, &str); 22] = [
    (
        "conversation accounts without their customer",
        "SELECT COUNT(*) AS n FROM talk_accounts a WHERE NOT EXISTS \
         (SELECT 1 FROM talk_customers u WHERE u.id = a.customer_id)",
    ),
    (
        "conversations without their customer",
        "SELECT COUNT(*) AS n FROM talk_conversations c WHERE NOT EXISTS \
         (SELECT 1 FROM talk_customers u WHERE u.id = c.customer_id)",
    ),
    (
        "conversations without their room",
        "SELECT COUNT(*) AS n FROM talk_conversations c WHERE c.deleted_at IS NULL AND NOT EXISTS \
         (SELECT 1 FROM talk_rooms r WHERE r.id = c.room_id AND r.conversation_id = c.id AND \
         r.customer_id = c.customer_id)",
    ),
    (
        "rooms without their conversation",
        "SELECT COUNT(*) AS n FROM talk_rooms r WHERE NOT EXISTS (SELECT 1 FROM talk_conversations \
         c WHERE c.id = r.conversation_id AND c.customer_id = r.customer_id)",
    ),
    (
        "rooms without a key",
        "SELECT COUNT(*) AS n FROM talk_rooms r JOIN talk_conversations c ON c.id = \
         r.conversation_id WHERE r.room_key IS NULL AND c.deleted_at IS NULL",
    ),
    (
        "rooms of deleted conversations that still have their key",
        "SELECT COUNT(*) AS n FROM talk_rooms r JOIN talk_conversations c ON c.id = \
         r.conversation_id WHERE r.room_key IS NOT NULL AND c.deleted_at IS NOT NULL",
    ),
    (
        "rows of deleted conversations that are not to be removed",
        "SELECT COUNT(*) AS n FROM talk_conversations c WHERE c.deleted_at IS NOT NULL AND (EXISTS \
         (SELECT 1 FROM talk_rooms r WHERE r.conversation_id = c.id) OR EXISTS (SELECT 1 FROM \
         talk_conversation_messages m WHERE m.conversation_id = c.id) OR EXISTS (SELECT 1 FROM \
         talk_conversation_participants p WHERE p.conversation_id = c.id)) AND NOT EXISTS (SELECT 1 \
         FROM talk_cleanups k WHERE (k.kind = 'conversation' AND k.subject = c.id) OR (k.kind = \
         'customer' AND k.subject = c.customer_id))",
    ),
    (
        "conversations with another number of participants than they say",
        "SELECT COUNT(*) AS n FROM talk_conversations c WHERE c.deleted_at IS NULL AND \
         c.participants <> (SELECT COUNT(*) FROM talk_conversation_participants p WHERE \
         p.conversation_id = c.id)",
    ),
    (
        "participants of conversations without their conversation",
        "SELECT COUNT(*) AS n FROM talk_conversation_participants p WHERE NOT EXISTS (SELECT 1 FROM \
         talk_conversations c WHERE c.id = p.conversation_id AND c.customer_id = p.customer_id)",
    ),
    (
        "owners and participants of conversations that are deleted and not to be removed",
        "SELECT COUNT(*) AS n FROM (SELECT owner_id AS agent_id, customer_id, id FROM \
         talk_conversations WHERE owner_id IS NOT NULL AND deleted_at IS NULL UNION ALL SELECT \
         agent_id, customer_id, conversation_id FROM talk_conversation_participants) m WHERE NOT \
         EXISTS (SELECT 1 FROM talk_agents a WHERE a.id = m.agent_id AND a.customer_id = \
         m.customer_id AND a.deleted_at IS NULL) AND NOT EXISTS (SELECT 1 FROM talk_cleanups k \
         WHERE (k.kind IN ('agent', 'author') AND k.subject = m.agent_id) OR (k.kind = \
         'conversation' AND k.subject = m.id) OR (k.kind = 'customer' AND k.subject = \
         m.customer_id))",
    ),
    (
        "read marks of conversations that are behind the last event",
        "SELECT COUNT(*) AS n FROM talk_conversation_marks m WHERE NOT EXISTS (SELECT 1 FROM \
         talk_conversations c WHERE c.id = m.conversation_id AND c.customer_id = m.customer_id AND \
         (m.seq <= c.last_seq OR c.deleted_at IS NOT NULL))",
    ),
    (
        "events without their conversation",
        "SELECT COUNT(*) AS n FROM talk_events e WHERE e.realm = 'conv' AND NOT EXISTS (SELECT 1 \
         FROM talk_conversations c WHERE c.id = e.stream_id AND c.customer_id = e.customer_id)",
    ),
    (
        "conversations whose log has gaps or another end than they say",
        "SELECT COUNT(*) AS n FROM talk_conversations c WHERE c.deleted_at IS NULL AND (c.last_seq \
         <> (SELECT COUNT(*) FROM talk_events e WHERE e.stream_id = c.id AND e.seq <= c.last_seq) OR \
         EXISTS (SELECT 1 FROM talk_events e WHERE e.stream_id = c.id AND e.seq > c.last_seq)) AND \
         NOT EXISTS (SELECT 1 FROM talk_cleanups k WHERE k.kind = 'customer' AND k.subject = \
         c.customer_id)",
    ),
    (
        "messages of conversations without their conversation and room",
        "SELECT COUNT(*) AS n FROM talk_conversation_messages m WHERE NOT EXISTS (SELECT 1 FROM \
         talk_conversations c JOIN talk_rooms r ON r.conversation_id = c.id WHERE c.id = \
         m.conversation_id AND c.customer_id = m.customer_id AND r.id = m.room_id)",
    ),
    (
        "messages of conversations without the event that tells of them",
        "SELECT COUNT(*) AS n FROM talk_conversation_messages m JOIN talk_conversations c ON c.id = \
         m.conversation_id WHERE c.deleted_at IS NULL AND NOT EXISTS (SELECT 1 FROM talk_events e \
         WHERE e.stream_id = m.conversation_id AND e.seq = m.seq AND e.kind = \
         'conversation_message_created' AND e.subject = m.id)",
    ),
    (
        "events that tell of messages of conversations that are not there",
        "SELECT COUNT(*) AS n FROM talk_events e JOIN talk_conversations c ON c.id = e.stream_id \
         WHERE e.kind = 'conversation_message_created' AND c.deleted_at IS NULL AND NOT EXISTS \
         (SELECT 1 FROM talk_conversation_messages m WHERE m.id = e.subject AND m.seq = e.seq) AND \
         NOT EXISTS (SELECT 1 FROM talk_cleanups k WHERE k.kind = 'customer' AND k.subject = \
         c.customer_id)",
    ),
    (
        "messages of erased agents to people outside that are not to be erased",
        "SELECT COUNT(*) AS n FROM talk_conversation_messages m JOIN talk_agents a ON a.id = \
         m.author_id WHERE a.password_hash = '' AND a.deleted_at IS NOT NULL AND m.deleted_at IS \
         NULL AND NOT EXISTS (SELECT 1 FROM talk_cleanups k WHERE k.kind = 'author' AND k.subject = \
         a.id)",
    ),
    (
        "deleted messages of conversations that have a text",
        "SELECT COUNT(*) AS n FROM talk_conversation_messages WHERE deleted_at IS NOT NULL AND body \
         <> ''",
    ),
    (
        "messages that wait to be sent and have no job",
        "SELECT COUNT(*) AS n FROM talk_conversation_messages m JOIN talk_conversations c ON c.id = \
         m.conversation_id WHERE c.deleted_at IS NULL AND m.delivery IN ('queued', 'submitting') \
         AND NOT EXISTS (SELECT 1 FROM talk_send_jobs j WHERE j.message_id = m.id) AND NOT EXISTS \
         (SELECT 1 FROM talk_cleanups k WHERE k.kind = 'customer' AND k.subject = m.customer_id)",
    ),
    (
        "jobs without a message that waits to be sent",
        "SELECT COUNT(*) AS n FROM talk_send_jobs j WHERE NOT EXISTS (SELECT 1 FROM \
         talk_conversation_messages m WHERE m.id = j.message_id AND m.room_id = j.room_id AND m.seq \
         = j.seq AND m.customer_id = j.customer_id AND (j.is_leased = 1 OR m.delivery IN ('queued', \
         'submitting'))) AND NOT EXISTS (SELECT 1 FROM talk_cleanups k WHERE k.kind = 'customer' \
         AND k.subject = j.customer_id)",
    ),
    (
        "rooms whose first job is never due",
        "SELECT COUNT(*) AS n FROM talk_send_jobs j WHERE j.due_at IS NULL AND NOT EXISTS (SELECT 1 \
         FROM talk_send_jobs b WHERE b.room_id = j.room_id AND b.seq < j.seq)",
    ),
    (
        "receipts that have had their effect and have a body, or that wait and are not found",
        "SELECT COUNT(*) AS n FROM talk_receipts WHERE (state = 'stored') <> (waiting_since IS NOT \
         NULL) OR (state IN ('done', 'ignored') AND length(body) > 0)",
    ),
];

/// Returns the number of rooms whose key is not that of their addresses.
pub(super) fn wrong_keys(conn: &mut SqliteConnection) -> QueryResult<usize> {
    let (mut after, mut wrong) = (Vec::new(), 0);
    loop {
        let rows: Vec<RoomRow> = rooms::table
            .filter(rooms::id.gt(&after))
            .order(rooms::id.asc())
            .limit(PAGE)
            .select(RoomRow::as_select())
            .load(conn)?;
        let Some(last) = rows.last() else {
            return Ok(wrong);
        };
        after = last.stored_id().to_vec();
        // A row that cannot be read counts, too.
        let is_wrong = |row: RoomRow| !row.has_its_key().unwrap_or(false);
        wrong += rows
            .into_iter()
            .map(is_wrong)
            .filter(|is_wrong| *is_wrong)
            .count();
    }
}

#[cfg(test)]
mod tests;
