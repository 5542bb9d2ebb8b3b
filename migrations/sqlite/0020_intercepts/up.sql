-- Addresses of customers that decide on messages before they are stored.
CREATE TABLE talk_intercepts (
    customer_id     BLOB   NOT NULL,
    point           TEXT   NOT NULL,
    uri             TEXT   NOT NULL,
    -- Sealed, as is the one before it, which signs until a time.
    secret          BLOB   NOT NULL,
    previous_secret BLOB,
    previous_until  BIGINT,
    timeout_ms      BIGINT NOT NULL,
    -- The decision without a valid answer: 'allow', 'reject' or 'hold'.
    on_error        TEXT   NOT NULL,
    is_enabled      BIGINT NOT NULL,
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    PRIMARY KEY (customer_id, point)
) WITHOUT ROWID;

-- One row for each message that an intercept was called for, without its text.
CREATE TABLE talk_intercept_decisions (
    id              BLOB   NOT NULL PRIMARY KEY,
    customer_id     BLOB   NOT NULL,
    point           TEXT   NOT NULL,
    actor_id        BLOB   NOT NULL,
    stream_id       BLOB   NOT NULL,
    -- The idempotency key of the request and the digest of the request; NULL if it had none.
    idempotency_key TEXT,
    fingerprint     BLOB,
    -- 'pending' during the call; then 'allow', 'modify', 'block', 'hold' or 'reject'.
    verdict         TEXT   NOT NULL,
    reason          TEXT   NOT NULL,
    digest_before   TEXT   NOT NULL,
    digest_after    TEXT   NOT NULL,
    latency_ms      BIGINT NOT NULL,
    created_at      BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX talk_intercept_decisions_customer
    ON talk_intercept_decisions (customer_id, point, created_at, id);
CREATE INDEX talk_intercept_decisions_time ON talk_intercept_decisions (created_at);
CREATE UNIQUE INDEX talk_intercept_decisions_key
    ON talk_intercept_decisions (actor_id, idempotency_key);

-- Messages that wait for the decision of an admin. They are in no chat.
CREATE TABLE talk_held_messages (
    -- The id of the decision.
    id          BLOB   NOT NULL PRIMARY KEY,
    customer_id BLOB   NOT NULL,
    author_id   BLOB   NOT NULL,
    chat_id     BLOB   NOT NULL,
    -- The message that is edited; NULL for a new one.
    message_id  BLOB,
    parent_id   BLOB,
    -- NULL if an edit keeps them.
    text        TEXT,
    medias      TEXT,
    reason      TEXT   NOT NULL,
    created_at  BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX talk_held_messages_customer ON talk_held_messages (customer_id, created_at, id);
CREATE INDEX talk_held_messages_author ON talk_held_messages (author_id);
CREATE INDEX talk_held_messages_time ON talk_held_messages (created_at);
