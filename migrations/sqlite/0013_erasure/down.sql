ALTER TABLE talk_cleanups DROP COLUMN position;
