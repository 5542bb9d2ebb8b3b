ALTER TABLE talk_chats DROP COLUMN expired_upto;
