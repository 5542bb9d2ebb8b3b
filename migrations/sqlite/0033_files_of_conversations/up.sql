-- The files of a conversation, whose bytes are bounded.
CREATE INDEX talk_conversation_files_conversation ON talk_conversation_files (conversation_id, file_id);
