-- The serial up to which an endpoint has its events, from the time that it is disabled until it has got
-- what it missed. NULL if it misses nothing.
ALTER TABLE talk_webhooks ADD COLUMN missed BIGINT;
-- 1 if retention has removed events that it missed.
ALTER TABLE talk_webhooks ADD COLUMN has_gap BIGINT NOT NULL DEFAULT 0;

UPDATE talk_webhooks
    SET missed = MAX(since, COALESCE((SELECT position FROM talk_consumers WHERE name = 'webhooks'), 0))
    WHERE disabled IS NOT NULL;
