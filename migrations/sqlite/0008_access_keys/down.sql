ALTER TABLE talk_access_keys DROP COLUMN is_derived;
