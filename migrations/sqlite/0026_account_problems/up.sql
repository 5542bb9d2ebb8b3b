-- Why the provider refuses the account, and since when. NULL if it does not.
ALTER TABLE talk_accounts ADD COLUMN problem_code TEXT;
ALTER TABLE talk_accounts ADD COLUMN problem_reason TEXT;
ALTER TABLE talk_accounts ADD COLUMN problem_at BIGINT;
