-- Messages get a number of their own, which the search index counts by.

CREATE TABLE talk_messages_numbered (
    -- In the order of their commits, for good: a row number without a name may change.
    serial         INTEGER NOT NULL PRIMARY KEY,
    id             BLOB   NOT NULL UNIQUE,
    customer_id    BLOB   NOT NULL,
    chat_id        BLOB   NOT NULL,
    -- The event that created it.
    seq            BIGINT NOT NULL,
    -- Who wrote it; of a system message, who caused it.
    author_id      BLOB   NOT NULL,
    system_kind    TEXT,
    system_subject BLOB,
    parent_id      BLOB,
    -- NULL at top level, which keeps those messages out of the thread index.
    root_id        BLOB,
    depth          BIGINT NOT NULL,
    text           TEXT   NOT NULL,
    medias         TEXT   NOT NULL,
    reply_count    BIGINT NOT NULL,
    -- Tells whether the reactions must be read at all.
    reaction_count BIGINT NOT NULL,
    created_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL,
    edited_at      BIGINT,
    deleted_at     BIGINT
);
INSERT INTO talk_messages_numbered
SELECT
    rowid,
    id, customer_id, chat_id, seq, author_id, system_kind, system_subject, parent_id, root_id,
    depth, text, medias, reply_count, reaction_count, created_at, updated_at, edited_at,
    deleted_at
FROM talk_messages ORDER BY rowid;
DROP TABLE talk_messages;
ALTER TABLE talk_messages_numbered RENAME TO talk_messages;
CREATE INDEX talk_messages_chat ON talk_messages (chat_id, created_at);
CREATE INDEX talk_messages_parent ON talk_messages (parent_id, created_at)
    WHERE parent_id IS NOT NULL;
CREATE INDEX talk_messages_root ON talk_messages (root_id, created_at)
    WHERE root_id IS NOT NULL;

-- What messages are found by: one term for every one, two and three characters they contain, for
-- their chat and for their author; see crates/talk-store-diesel/src/sqlite/search/index.rs. The index holds no
-- text, and what is removed from it leaves no trace. It knows the messages up to the number
-- 'search_upto' of talk_meta; those behind it are looked through one by one.
CREATE VIRTUAL TABLE talk_search USING fts5(
    terms, content = '', columnsize = 0, detail = none, tokenize = 'ascii'
);
INSERT INTO talk_search (talk_search, rank) VALUES ('secure-delete', 1);

-- Row numbers of the index and the messages they stand for. A row number is the message's time
-- with its lowest ten bits replaced, so that the index is in the order of time.
CREATE TABLE talk_search_entries (
    entry  INTEGER NOT NULL PRIMARY KEY,
    serial INTEGER NOT NULL
);

-- Messages that the index has passed and does not know, because they were edited.
CREATE TABLE talk_search_again (
    serial INTEGER NOT NULL PRIMARY KEY
);

-- Terms that are still to be removed from the index, of long messages that were edited or deleted.
-- Their entry has the number 0 until then.
CREATE TABLE talk_search_gone (
    id    INTEGER NOT NULL PRIMARY KEY,
    entry INTEGER NOT NULL,
    terms TEXT    NOT NULL
);
