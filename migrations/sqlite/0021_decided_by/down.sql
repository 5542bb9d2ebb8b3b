ALTER TABLE talk_intercept_decisions DROP COLUMN decided_by;
