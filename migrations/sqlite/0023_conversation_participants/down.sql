ALTER TABLE talk_conversations DROP COLUMN participants;
DROP TABLE talk_conversation_marks;
DROP TABLE talk_conversation_participants;
