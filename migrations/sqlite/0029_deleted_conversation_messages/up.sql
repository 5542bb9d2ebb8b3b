-- Time of deletion of a message, which removes its text.
ALTER TABLE talk_conversation_messages ADD COLUMN deleted_at BIGINT;
CREATE INDEX talk_conversation_messages_author
    ON talk_conversation_messages (customer_id, author_id)
    WHERE author_id IS NOT NULL AND deleted_at IS NULL;

-- The events that hold the text of a message, besides its first one.
INSERT INTO talk_message_events (message_id, seq)
SELECT e.subject, e.seq
FROM talk_conversations c JOIN talk_events e ON e.stream_id = c.id
WHERE e.kind = 'conversation_message_updated';
