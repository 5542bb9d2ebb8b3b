DELETE FROM talk_message_events
WHERE message_id IN (SELECT id FROM talk_conversation_messages);
DROP INDEX talk_conversation_messages_author;
ALTER TABLE talk_conversation_messages DROP COLUMN deleted_at;
