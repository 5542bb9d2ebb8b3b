-- The decision of an intercept that held the message of the request, or refused it: `body` then has the
-- reason. Or that of a released edit that changed nothing: `message_id` then has its message. NULL for
-- other answers.
ALTER TABLE talk_idempotency ADD COLUMN decision_id BLOB;
