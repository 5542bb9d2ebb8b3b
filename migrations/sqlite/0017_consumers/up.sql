-- Consumers of the event log, each with the position up to which it has taken the log. Retention keeps
-- the events behind the first of them.
CREATE TABLE talk_consumers (
    name     TEXT   NOT NULL PRIMARY KEY,
    -- The serial of the last event that it has taken.
    position BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX talk_consumers_position ON talk_consumers (position);

INSERT INTO talk_consumers (name, position)
    SELECT 'webhooks', CAST(value AS INTEGER) FROM talk_meta WHERE key = 'webhooks_place';
DELETE FROM talk_meta WHERE key = 'webhooks_place';
