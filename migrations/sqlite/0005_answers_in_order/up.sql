-- Answered requests are kept in the order in which they were answered, the oldest is forgotten
-- first. Keys are as random as clients make them: what is written in their order, and so all over
-- the file, is only their index.

CREATE TABLE talk_idempotency_ordered (
    serial      INTEGER NOT NULL PRIMARY KEY,
    agent_id    BLOB    NOT NULL,
    key         TEXT    NOT NULL,
    customer_id BLOB    NOT NULL,
    fingerprint BLOB    NOT NULL,
    -- An answer is a body, an event of a chat, or a message.
    body        TEXT,
    chat_id     BLOB,
    seq         BIGINT,
    message_id  BLOB,
    answered_at BIGINT  NOT NULL
);
INSERT INTO talk_idempotency_ordered (
    agent_id, key, customer_id, fingerprint, body, chat_id, seq, message_id, answered_at
)
SELECT agent_id, key, customer_id, fingerprint, body, chat_id, seq, message_id, answered_at
FROM talk_idempotency ORDER BY answered_at;
DROP TABLE talk_idempotency;
ALTER TABLE talk_idempotency_ordered RENAME TO talk_idempotency;
CREATE UNIQUE INDEX talk_idempotency_key ON talk_idempotency (agent_id, key);
