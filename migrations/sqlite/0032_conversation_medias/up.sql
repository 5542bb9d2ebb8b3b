-- Medias of messages of conversations, one per line.
ALTER TABLE talk_conversation_messages ADD COLUMN medias TEXT NOT NULL DEFAULT '';

-- Which messages of conversations carry which files.
CREATE TABLE talk_conversation_files (
    message_id      BLOB NOT NULL,
    file_id         BLOB NOT NULL,
    customer_id     BLOB NOT NULL,
    conversation_id BLOB NOT NULL,
    PRIMARY KEY (message_id, file_id)
) WITHOUT ROWID;
CREATE INDEX talk_conversation_files_file ON talk_conversation_files (file_id, conversation_id);
CREATE INDEX talk_conversation_files_customer ON talk_conversation_files (customer_id);

-- Medias whose bytes are still at the provider.
CREATE TABLE talk_media_fetches (
    file_id         BLOB   NOT NULL PRIMARY KEY,
    customer_id     BLOB   NOT NULL,
    account_id      BLOB   NOT NULL,
    conversation_id BLOB   NOT NULL,
    message_id      BLOB   NOT NULL,
    url             TEXT   NOT NULL,
    tries           BIGINT NOT NULL,
    -- Time of the next try, or end of the lease of the try under way.
    due_at          BIGINT NOT NULL,
    created_at      BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX talk_media_fetches_due ON talk_media_fetches (due_at);
CREATE INDEX talk_media_fetches_customer ON talk_media_fetches (customer_id, due_at);
CREATE INDEX talk_media_fetches_message ON talk_media_fetches (message_id);
