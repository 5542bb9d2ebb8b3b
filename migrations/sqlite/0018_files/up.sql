-- Files: until here nothing could be uploaded, so the table was empty.
DROP TABLE talk_files;
CREATE TABLE talk_files (
    id          BLOB   NOT NULL PRIMARY KEY,
    customer_id BLOB   NOT NULL,
    -- The agent that uploaded it.
    owner_id    BLOB   NOT NULL,
    kind        TEXT   NOT NULL,
    name        TEXT   NOT NULL,
    detail      TEXT   NOT NULL,
    filename    TEXT   NOT NULL,
    size        BIGINT NOT NULL,
    mime        TEXT   NOT NULL,
    sha256      BLOB   NOT NULL,
    created_at  BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX talk_files_page ON talk_files (owner_id, created_at, id);
CREATE INDEX talk_files_customer ON talk_files (customer_id);

-- Which messages carry which files. A message without files has no row.
CREATE TABLE talk_file_carriers (
    message_id  BLOB NOT NULL,
    file_id     BLOB NOT NULL,
    customer_id BLOB NOT NULL,
    chat_id     BLOB NOT NULL,
    PRIMARY KEY (message_id, file_id)
) WITHOUT ROWID;
CREATE INDEX talk_file_carriers_file ON talk_file_carriers (file_id, chat_id);

-- The number of bytes in all files of a customer.
CREATE TABLE talk_file_usage (
    customer_id BLOB   NOT NULL PRIMARY KEY,
    bytes       BIGINT NOT NULL
) WITHOUT ROWID;

-- Deleted files whose bytes are still to be removed.
CREATE TABLE talk_files_to_remove (
    id          BLOB NOT NULL PRIMARY KEY,
    customer_id BLOB NOT NULL
) WITHOUT ROWID;
