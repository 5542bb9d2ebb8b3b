DROP INDEX talk_rooms_conversation;
DELETE FROM talk_rooms WHERE room_key IS NULL;
ALTER TABLE talk_conversations DROP COLUMN deleted_at;
