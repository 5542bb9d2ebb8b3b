-- Messages of a chat up to this time have expired: they are tombstones.
ALTER TABLE talk_chats ADD COLUMN expired_upto BIGINT NOT NULL DEFAULT 0;
