-- The provider that carries the messages of an account.
ALTER TABLE talk_accounts ADD COLUMN provider TEXT NOT NULL DEFAULT 'widget';
-- One setting per line: its name, a space, its value.
ALTER TABLE talk_accounts ADD COLUMN settings TEXT NOT NULL DEFAULT '';
-- Own telephone numbers, one per line.
ALTER TABLE talk_accounts ADD COLUMN numbers TEXT NOT NULL DEFAULT '';
-- Sealed.
ALTER TABLE talk_accounts ADD COLUMN token BLOB;
ALTER TABLE talk_accounts ADD COLUMN secret BLOB;

-- Why a message was not delivered. NULL if it was, or is on its way.
ALTER TABLE talk_conversation_messages ADD COLUMN failure_code TEXT;
ALTER TABLE talk_conversation_messages ADD COLUMN failure_reason TEXT;
ALTER TABLE talk_conversation_messages ADD COLUMN is_permanent BIGINT NOT NULL DEFAULT 0;

-- Messages to be sent by another service.
CREATE TABLE talk_send_jobs (
    message_id      BLOB   NOT NULL PRIMARY KEY,
    customer_id     BLOB   NOT NULL,
    account_id      BLOB   NOT NULL,
    conversation_id BLOB   NOT NULL,
    room_id         BLOB   NOT NULL,
    seq             BIGINT NOT NULL,
    tries           BIGINT NOT NULL,
    -- 1 while a worker sends it.
    is_leased       BIGINT NOT NULL,
    -- Time of the next try, or end of the lease. NULL while it waits for an earlier message of its room.
    due_at          BIGINT,
    created_at      BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX talk_send_jobs_room ON talk_send_jobs (room_id, seq);
CREATE INDEX talk_send_jobs_due
    ON talk_send_jobs (account_id, due_at) WHERE due_at IS NOT NULL;

-- Sent messages by the ids of their providers. A long message has several.
CREATE TABLE talk_message_parts (
    account_id     BLOB   NOT NULL,
    provider_id    TEXT   NOT NULL,
    customer_id    BLOB   NOT NULL,
    -- NULL while a report waits for the answer that tells the id.
    message_id     BLOB,
    delivery       TEXT   NOT NULL,
    failure_code   TEXT,
    failure_reason TEXT,
    is_permanent   BIGINT NOT NULL,
    created_at     BIGINT NOT NULL,
    PRIMARY KEY (account_id, provider_id)
) WITHOUT ROWID;
CREATE INDEX talk_message_parts_message ON talk_message_parts (message_id);

-- Verified requests of providers, stored before they are read.
CREATE TABLE talk_receipts (
    id            BLOB   NOT NULL PRIMARY KEY,
    customer_id   BLOB   NOT NULL,
    account_id    BLOB   NOT NULL,
    -- Identity at the provider.
    event         TEXT   NOT NULL,
    -- As received. Empty once it has had its effect.
    body          BLOB   NOT NULL,
    state         TEXT   NOT NULL,
    error         TEXT   NOT NULL,
    -- NULL once it was read.
    waiting_since BIGINT,
    created_at    BIGINT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX talk_receipts_event ON talk_receipts (account_id, event);
CREATE INDEX talk_receipts_waiting
    ON talk_receipts (account_id, waiting_since, id) WHERE waiting_since IS NOT NULL;
CREATE INDEX talk_receipts_created ON talk_receipts (account_id, created_at, id);
CREATE INDEX talk_receipts_state ON talk_receipts (account_id, state, created_at, id);
