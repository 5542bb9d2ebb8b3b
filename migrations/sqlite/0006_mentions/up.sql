-- Whom messages mention: resolved when a message is written or edited, and counted from here
-- without reading any text. A message is found by its chat and its time, which is its own there.
CREATE TABLE talk_mentions (
    chat_id    BLOB   NOT NULL,
    -- The time of the message.
    created_at BIGINT NOT NULL,
    agent_id   BLOB   NOT NULL,
    PRIMARY KEY (chat_id, created_at, agent_id)
) WITHOUT ROWID;
CREATE INDEX talk_mentions_agent ON talk_mentions (chat_id, agent_id, created_at);

-- Usernames are mentioned without case.
CREATE INDEX talk_agents_mention ON talk_agents (lower(username));

-- Messages with a serial number below this one were written before mentions were stored, and are
-- still to be resolved. The server does so behind the writes, the newest first.
INSERT INTO talk_meta (key, value)
SELECT 'mentions_before', CAST(serial + 1 AS TEXT)
FROM talk_messages ORDER BY serial DESC LIMIT 1;

-- What changes have left to be removed or rewritten in small steps behind the writes.
CREATE TABLE talk_cleanups (
    id          INTEGER NOT NULL PRIMARY KEY,
    customer_id BLOB    NOT NULL,
    -- 'message', 'chat' or 'agent': what was deleted.
    kind        TEXT    NOT NULL,
    subject     BLOB    NOT NULL,
    -- The chat of a message.
    chat_id     BLOB,
    -- Who deleted an agent.
    actor       BLOB
);
CREATE UNIQUE INDEX talk_cleanups_subject ON talk_cleanups (kind, subject);
CREATE INDEX talk_cleanups_chat ON talk_cleanups (chat_id) WHERE chat_id IS NOT NULL;
