CREATE TABLE talk_idempotency_by_key (
    agent_id    BLOB   NOT NULL,
    key         TEXT   NOT NULL,
    customer_id BLOB   NOT NULL,
    fingerprint BLOB   NOT NULL,
    body        TEXT,
    chat_id     BLOB,
    seq         BIGINT,
    message_id  BLOB,
    answered_at BIGINT NOT NULL,
    PRIMARY KEY (agent_id, key)
) WITHOUT ROWID;
INSERT INTO talk_idempotency_by_key
SELECT agent_id, key, customer_id, fingerprint, body, chat_id, seq, message_id, answered_at
FROM talk_idempotency;
DROP TABLE talk_idempotency;
ALTER TABLE talk_idempotency_by_key RENAME TO talk_idempotency;
CREATE INDEX talk_idempotency_age ON talk_idempotency (answered_at);
