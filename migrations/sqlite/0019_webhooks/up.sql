-- Endpoints of customers, to which events are sent.
CREATE TABLE talk_webhooks (
    id              BLOB   NOT NULL PRIMARY KEY,
    customer_id     BLOB   NOT NULL,
    -- 1 for the endpoint that the customer's own webhook_uri names.
    is_own          BIGINT NOT NULL,
    uri             TEXT   NOT NULL,
    method          TEXT   NOT NULL,
    -- Patterns of event types, separated by commas; empty for all.
    events          TEXT   NOT NULL,
    -- Only events of this stream.
    stream_id       BLOB,
    -- Why it gets no events: 'manually', 'gone' or 'failing'. NULL if it is enabled.
    disabled        TEXT,
    delivery_order  TEXT   NOT NULL,
    -- Sealed, as is the one before it, which signs until a time.
    secret          BLOB   NOT NULL,
    previous_secret BLOB,
    previous_until  BIGINT,
    -- The number in the log of the last event that it does not get.
    since           BIGINT NOT NULL,
    failing_since   BIGINT,
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX talk_webhooks_customer ON talk_webhooks (customer_id, created_at, id);

-- One row for each event and endpoint. The body is made from the logged event.
CREATE TABLE talk_webhook_deliveries (
    id          BLOB   NOT NULL PRIMARY KEY,
    customer_id BLOB   NOT NULL,
    webhook_id  BLOB   NOT NULL,
    realm       TEXT   NOT NULL,
    stream_id   BLOB   NOT NULL,
    seq         BIGINT NOT NULL,
    -- Identity and type of the event for receivers.
    event       TEXT   NOT NULL,
    kind        TEXT   NOT NULL,
    -- 'pending' and 'failed' are open, 'delivered' and 'dead' are not.
    status      TEXT   NOT NULL,
    is_open     BIGINT NOT NULL,
    tries       BIGINT NOT NULL,
    -- Time of the next try. NULL if there is none, or if it waits for an earlier event of its stream.
    due_at      BIGINT,
    created_at  BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX talk_webhook_deliveries_stream
    ON talk_webhook_deliveries (webhook_id, stream_id, is_open, seq);
CREATE INDEX talk_webhook_deliveries_due
    ON talk_webhook_deliveries (webhook_id, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX talk_webhook_deliveries_status
    ON talk_webhook_deliveries (webhook_id, status, created_at, id);

-- The latest tries of each delivery.
CREATE TABLE talk_webhook_attempts (
    delivery_id BLOB   NOT NULL,
    number      BIGINT NOT NULL,
    tried_at    BIGINT NOT NULL,
    http_status BIGINT,
    latency_ms  BIGINT NOT NULL,
    error       TEXT   NOT NULL,
    -- The beginning of the answer.
    answer      TEXT   NOT NULL,
    PRIMARY KEY (delivery_id, number)
) WITHOUT ROWID;
