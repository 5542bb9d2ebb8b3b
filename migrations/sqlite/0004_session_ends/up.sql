-- Whose token, key or account has ended, in order: every node looks again at the connections of these
-- agents.
CREATE TABLE talk_session_ends (
    seq      BIGINT NOT NULL PRIMARY KEY,
    agent_id BLOB   NOT NULL,
    ended_at BIGINT NOT NULL
) WITHOUT ROWID;

DELETE FROM talk_meta WHERE key = 'session_ends';
