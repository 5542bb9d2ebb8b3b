INSERT INTO talk_meta (key, value)
    SELECT 'webhooks_place', CAST(position AS TEXT) FROM talk_consumers WHERE name = 'webhooks';
DROP TABLE talk_consumers;
