-- Cleanups take turns in the order of their keys, and need no number.
CREATE TABLE talk_cleanups_keyed (
    -- What was deleted.
    kind        TEXT   NOT NULL,
    subject     BLOB   NOT NULL,
    customer_id BLOB   NOT NULL,
    -- The chat of a message.
    chat_id     BLOB,
    -- The agent that deleted an agent.
    actor       BLOB,
    -- Progress of a cleanup that scans a table.
    position    BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (kind, subject)
) WITHOUT ROWID;
INSERT INTO talk_cleanups_keyed (kind, subject, customer_id, chat_id, actor, position)
SELECT kind, subject, customer_id, chat_id, actor, position FROM talk_cleanups;
DROP TABLE talk_cleanups;
ALTER TABLE talk_cleanups_keyed RENAME TO talk_cleanups;
CREATE INDEX talk_cleanups_chat ON talk_cleanups (chat_id) WHERE chat_id IS NOT NULL;

-- SQLite numbers the ends of sessions, and never gives a number twice.
CREATE TABLE talk_session_ends_numbered (
    seq      INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    agent_id BLOB    NOT NULL,
    ended_at BIGINT  NOT NULL
);
INSERT INTO talk_session_ends_numbered (seq, agent_id, ended_at)
SELECT seq, agent_id, ended_at FROM talk_session_ends;
DROP TABLE talk_session_ends;
ALTER TABLE talk_session_ends_numbered RENAME TO talk_session_ends;
-- Old ends are deleted, the oldest first.
CREATE INDEX talk_session_ends_age ON talk_session_ends (ended_at);
