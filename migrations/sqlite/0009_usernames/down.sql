DROP INDEX talk_agents_administrators;
DROP INDEX talk_agents_username_key;
ALTER TABLE talk_agents DROP COLUMN username_key;
