-- The admin that released or dropped the held message; NULL for other decisions.
ALTER TABLE talk_intercept_decisions ADD COLUMN decided_by BLOB;
