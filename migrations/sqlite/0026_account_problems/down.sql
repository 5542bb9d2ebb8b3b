ALTER TABLE talk_accounts DROP COLUMN problem_at;
ALTER TABLE talk_accounts DROP COLUMN problem_reason;
ALTER TABLE talk_accounts DROP COLUMN problem_code;
