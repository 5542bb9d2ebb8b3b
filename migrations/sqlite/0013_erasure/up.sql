-- Behind an erased agent a whole table is looked through: the number of the last row looked at.
ALTER TABLE talk_cleanups ADD COLUMN position BIGINT NOT NULL DEFAULT 0;
