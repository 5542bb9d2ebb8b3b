DELETE FROM talk_idempotency WHERE decision_id IS NOT NULL;
ALTER TABLE talk_idempotency DROP COLUMN decision_id;
