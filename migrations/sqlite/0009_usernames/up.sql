-- Usernames without case and Unicode form, which SQL cannot compute: the start fills them in. NULL for
-- an agent whose key another one has: both are older than this rule and keep their names.
ALTER TABLE talk_agents ADD COLUMN username_key TEXT;
CREATE UNIQUE INDEX talk_agents_username_key ON talk_agents (username_key);

-- Who is left when an administrator goes.
CREATE INDEX talk_agents_administrators ON talk_agents (customer_id)
    WHERE permission > 16 AND status = 'active' AND deleted_at IS NULL;
