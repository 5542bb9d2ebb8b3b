CREATE TABLE talk_cleanups_numbered (
    id          INTEGER NOT NULL PRIMARY KEY,
    customer_id BLOB    NOT NULL,
    kind        TEXT    NOT NULL,
    subject     BLOB    NOT NULL,
    chat_id     BLOB,
    actor       BLOB,
    position    BIGINT  NOT NULL DEFAULT 0
);
INSERT INTO talk_cleanups_numbered (customer_id, kind, subject, chat_id, actor, position)
SELECT customer_id, kind, subject, chat_id, actor, position FROM talk_cleanups;
DROP TABLE talk_cleanups;
ALTER TABLE talk_cleanups_numbered RENAME TO talk_cleanups;
CREATE UNIQUE INDEX talk_cleanups_subject ON talk_cleanups (kind, subject);
CREATE INDEX talk_cleanups_chat ON talk_cleanups (chat_id) WHERE chat_id IS NOT NULL;

CREATE TABLE talk_session_ends_by_number (
    seq      BIGINT NOT NULL PRIMARY KEY,
    agent_id BLOB   NOT NULL,
    ended_at BIGINT NOT NULL
) WITHOUT ROWID;
INSERT INTO talk_session_ends_by_number (seq, agent_id, ended_at)
SELECT seq, agent_id, ended_at FROM talk_session_ends;
DROP TABLE talk_session_ends;
ALTER TABLE talk_session_ends_by_number RENAME TO talk_session_ends;
