-- Ids are 16 bytes, times whole microseconds since 1970, enums and lists text.
--
-- Indexes are few on purpose: each one costs 15 to 20 % of the writes of its table. There are no
-- foreign keys: every row is written by one use case that looked its owners up in the same
-- transaction, and people, chats and messages are never deleted for good.

CREATE TABLE talk_meta (
    key   TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE talk_customers (
    id         BLOB   NOT NULL PRIMARY KEY,
    name       TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
) WITHOUT ROWID;

CREATE TABLE talk_agents (
    id               BLOB   NOT NULL PRIMARY KEY,
    customer_id      BLOB   NOT NULL,
    username         TEXT   NOT NULL UNIQUE,
    password_hash    TEXT   NOT NULL,
    name             TEXT   NOT NULL,
    detail           TEXT   NOT NULL,
    permission       BIGINT NOT NULL,
    status           TEXT   NOT NULL,
    -- Tokens carry the generation they were issued in; older ones are revoked.
    token_generation BIGINT NOT NULL,
    created_at       BIGINT NOT NULL,
    updated_at       BIGINT NOT NULL,
    deleted_at       BIGINT
);
CREATE INDEX talk_agents_page ON talk_agents (customer_id, created_at, id);

CREATE TABLE talk_access_keys (
    id          BLOB   NOT NULL PRIMARY KEY,
    customer_id BLOB   NOT NULL,
    agent_id    BLOB   NOT NULL,
    name        TEXT   NOT NULL,
    detail      TEXT   NOT NULL,
    hash        BLOB   NOT NULL UNIQUE,
    prefix      TEXT   NOT NULL,
    expires_at  BIGINT,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    deleted_at  BIGINT
);
CREATE INDEX talk_access_keys_page ON talk_access_keys (agent_id, created_at, id);

CREATE TABLE talk_revoked_tokens (
    id         BLOB   NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
) WITHOUT ROWID;

CREATE TABLE talk_files (
    id          BLOB NOT NULL PRIMARY KEY,
    customer_id BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE talk_chats (
    id           BLOB   NOT NULL PRIMARY KEY,
    customer_id  BLOB   NOT NULL,
    kind         TEXT   NOT NULL,
    name         TEXT   NOT NULL,
    detail       TEXT   NOT NULL,
    status       TEXT   NOT NULL,
    creator_id   BLOB   NOT NULL,
    -- Both agents of a direct chat that is not deleted, the lower id first: one chat per pair.
    direct_key   BLOB   UNIQUE,
    -- The customer of a channel that is not deleted: what channels are listed by.
    channel_of   BLOB,
    -- Name and detail of a channel without case and accents: what channels are searched by.
    search_key   TEXT,
    member_count BIGINT NOT NULL,
    last_seq     BIGINT NOT NULL,
    last_at      BIGINT NOT NULL,
    -- Events up to this one are no longer in the log.
    log_start    BIGINT NOT NULL DEFAULT 0,
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    deleted_at   BIGINT
);
CREATE INDEX talk_chats_channels ON talk_chats (channel_of, created_at, id)
    WHERE channel_of IS NOT NULL;

CREATE TABLE talk_participants (
    id              BLOB   NOT NULL UNIQUE,
    customer_id     BLOB   NOT NULL,
    chat_id         BLOB   NOT NULL,
    agent_id        BLOB   NOT NULL,
    -- Copied from the chat, so that an agent's chats page along one index.
    chat_created_at BIGINT NOT NULL,
    joined_at       BIGINT NOT NULL,
    PRIMARY KEY (chat_id, agent_id)
) WITHOUT ROWID;
CREATE INDEX talk_participants_page ON talk_participants (chat_id, joined_at, id);
CREATE INDEX talk_participants_agent ON talk_participants (agent_id, chat_created_at, chat_id);

CREATE TABLE talk_former_participants (
    chat_id        BLOB   NOT NULL,
    agent_id       BLOB   NOT NULL,
    customer_id    BLOB   NOT NULL,
    participant_id BLOB   NOT NULL,
    joined_at      BIGINT NOT NULL,
    left_at        BIGINT NOT NULL,
    -- The event that ended it.
    left_seq       BIGINT NOT NULL,
    PRIMARY KEY (chat_id, agent_id)
) WITHOUT ROWID;

-- How far participants have read: the event of a message, and its time, after which messages are
-- unread. Ends with the membership.
CREATE TABLE talk_read_marks (
    chat_id     BLOB   NOT NULL,
    agent_id    BLOB   NOT NULL,
    customer_id BLOB   NOT NULL,
    seq         BIGINT NOT NULL,
    seq_at      BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    PRIMARY KEY (chat_id, agent_id)
) WITHOUT ROWID;

CREATE TABLE talk_messages (
    id             BLOB   NOT NULL PRIMARY KEY,
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
CREATE INDEX talk_messages_chat ON talk_messages (chat_id, created_at);
CREATE INDEX talk_messages_parent ON talk_messages (parent_id, created_at)
    WHERE parent_id IS NOT NULL;
CREATE INDEX talk_messages_root ON talk_messages (root_id, created_at)
    WHERE root_id IS NOT NULL;

CREATE TABLE talk_reactions (
    message_id BLOB   NOT NULL,
    agent_id   BLOB   NOT NULL,
    -- Compared byte by byte.
    emoji_key  TEXT   NOT NULL,
    emoji      TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (message_id, agent_id, emoji_key)
) WITHOUT ROWID;

CREATE TABLE talk_revisions (
    message_id BLOB   NOT NULL,
    written_at BIGINT NOT NULL,
    text       TEXT   NOT NULL,
    medias     TEXT   NOT NULL,
    PRIMARY KEY (message_id, written_at)
) WITHOUT ROWID;

CREATE TABLE talk_events (
    chat_id BLOB   NOT NULL,
    seq     BIGINT NOT NULL,
    kind    TEXT   NOT NULL,
    -- The frame, byte for byte as it is pushed and replayed.
    payload TEXT   NOT NULL,
    actor   BLOB   NOT NULL,
    subject BLOB   NOT NULL,
    tm      BIGINT NOT NULL,
    PRIMARY KEY (chat_id, seq)
);

-- The events about a message after its first (that one is at the message's own seq): what has to
-- be rewritten when the message is deleted, found without an index on every event.
CREATE TABLE talk_message_events (
    message_id BLOB   NOT NULL,
    seq        BIGINT NOT NULL,
    PRIMARY KEY (message_id, seq)
) WITHOUT ROWID;

CREATE TABLE talk_idempotency (
    agent_id    BLOB   NOT NULL,
    key         TEXT   NOT NULL,
    customer_id BLOB   NOT NULL,
    fingerprint BLOB   NOT NULL,
    -- An answer is a body, an event of a chat, or a message.
    body        TEXT,
    chat_id     BLOB,
    seq         BIGINT,
    message_id  BLOB,
    answered_at BIGINT NOT NULL,
    PRIMARY KEY (agent_id, key)
) WITHOUT ROWID;
CREATE INDEX talk_idempotency_age ON talk_idempotency (answered_at);
