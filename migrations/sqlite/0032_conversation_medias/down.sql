DROP TABLE talk_media_fetches;
DROP TABLE talk_conversation_files;
ALTER TABLE talk_conversation_messages DROP COLUMN medias;
