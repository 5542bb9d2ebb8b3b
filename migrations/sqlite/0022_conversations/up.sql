-- Accounts of customers: their access to methods of talking with people outside.
CREATE TABLE talk_accounts (
    id          BLOB   NOT NULL PRIMARY KEY,
    customer_id BLOB   NOT NULL,
    method      TEXT   NOT NULL,
    name        TEXT   NOT NULL,
    detail      TEXT   NOT NULL,
    -- The web pages that may embed a web chat, separated by spaces.
    origins     TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX talk_accounts_customer ON talk_accounts (customer_id, created_at, id);

CREATE TABLE talk_conversations (
    id          BLOB   NOT NULL PRIMARY KEY,
    customer_id BLOB   NOT NULL,
    -- The room in which it began.
    room_id     BLOB   NOT NULL,
    -- NULL while nobody owns it.
    owner_id    BLOB,
    name        TEXT   NOT NULL,
    detail      TEXT   NOT NULL,
    state       TEXT   NOT NULL,
    -- Number and time of the newest event.
    last_seq    BIGINT NOT NULL,
    last_at     BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX talk_conversations_customer ON talk_conversations (customer_id, last_at, id);
CREATE INDEX talk_conversations_owner ON talk_conversations (customer_id, owner_id, last_at, id);

-- One method between one own address and one peer.
CREATE TABLE talk_rooms (
    id              BLOB   NOT NULL PRIMARY KEY,
    customer_id     BLOB   NOT NULL,
    conversation_id BLOB   NOT NULL,
    account_id      BLOB   NOT NULL,
    method          TEXT   NOT NULL,
    own_kind        TEXT   NOT NULL,
    own_target      TEXT   NOT NULL,
    own_name        TEXT   NOT NULL,
    peer_kind       TEXT   NOT NULL,
    peer_target     TEXT   NOT NULL,
    peer_name       TEXT   NOT NULL,
    -- SHA-256 of all that identifies the room.
    room_key        BLOB   NOT NULL,
    created_at      BIGINT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX talk_rooms_key ON talk_rooms (room_key);
CREATE INDEX talk_rooms_peer ON talk_rooms (customer_id, peer_target);

CREATE TABLE talk_conversation_messages (
    id              BLOB   NOT NULL PRIMARY KEY,
    customer_id     BLOB   NOT NULL,
    conversation_id BLOB   NOT NULL,
    room_id         BLOB   NOT NULL,
    direction       TEXT   NOT NULL,
    -- The agent that wrote it; NULL for the person outside.
    author_id       BLOB,
    reference       TEXT   NOT NULL,
    body            TEXT   NOT NULL,
    delivery        TEXT   NOT NULL,
    seq             BIGINT NOT NULL,
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX talk_conversation_messages_seq ON talk_conversation_messages (conversation_id, seq);
CREATE INDEX talk_conversation_messages_created
    ON talk_conversation_messages (conversation_id, created_at, id);
CREATE INDEX talk_conversation_messages_delivery
    ON talk_conversation_messages (conversation_id, direction, delivery, seq);
CREATE INDEX talk_conversation_messages_customer ON talk_conversation_messages (customer_id);

-- The events that accounts have received, each with its message.
CREATE TABLE talk_inbox (
    account_id  BLOB   NOT NULL,
    event       TEXT   NOT NULL,
    customer_id BLOB   NOT NULL,
    message_id  BLOB   NOT NULL,
    received_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, event)
) WITHOUT ROWID;
CREATE INDEX talk_inbox_customer ON talk_inbox (customer_id);
