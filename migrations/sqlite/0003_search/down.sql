DELETE FROM talk_meta WHERE key IN ('search_upto', 'search_version');
DROP TABLE talk_search_gone;
DROP TABLE talk_search_again;
DROP TABLE talk_search_entries;
DROP TABLE talk_search;
CREATE TABLE talk_messages_core (
    id             BLOB   NOT NULL PRIMARY KEY,
    customer_id    BLOB   NOT NULL,
    chat_id        BLOB   NOT NULL,
    seq            BIGINT NOT NULL,
    author_id      BLOB   NOT NULL,
    system_kind    TEXT,
    system_subject BLOB,
    parent_id      BLOB,
    root_id        BLOB,
    depth          BIGINT NOT NULL,
    text           TEXT   NOT NULL,
    medias         TEXT   NOT NULL,
    reply_count    BIGINT NOT NULL,
    reaction_count BIGINT NOT NULL,
    created_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL,
    edited_at      BIGINT,
    deleted_at     BIGINT
);
INSERT INTO talk_messages_core
SELECT
    id, customer_id, chat_id, seq, author_id, system_kind, system_subject, parent_id, root_id,
    depth, text, medias, reply_count, reaction_count, created_at, updated_at, edited_at,
    deleted_at
FROM talk_messages ORDER BY serial;
DROP TABLE talk_messages;
ALTER TABLE talk_messages_core RENAME TO talk_messages;
CREATE INDEX talk_messages_chat ON talk_messages (chat_id, created_at);
CREATE INDEX talk_messages_parent ON talk_messages (parent_id, created_at)
    WHERE parent_id IS NOT NULL;
CREATE INDEX talk_messages_root ON talk_messages (root_id, created_at)
    WHERE root_id IS NOT NULL;
