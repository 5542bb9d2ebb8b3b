-- Access keys made so far can be computed from the signing secret and their id. They stay valid until
-- they end, and lists show them. An older version that runs on this database makes such keys again.
ALTER TABLE talk_access_keys ADD COLUMN is_derived BIGINT NOT NULL DEFAULT 1;
