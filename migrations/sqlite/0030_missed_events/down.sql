ALTER TABLE talk_webhooks DROP COLUMN has_gap;
ALTER TABLE talk_webhooks DROP COLUMN missed;
