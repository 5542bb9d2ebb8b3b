DROP TABLE talk_cleanups;
DELETE FROM talk_meta WHERE key = 'mentions_before';
DROP INDEX talk_agents_mention;
DROP TABLE talk_mentions;
