DROP TABLE talk_files_to_remove;
DROP TABLE talk_file_usage;
DROP TABLE talk_file_carriers;
DROP TABLE talk_files;
CREATE TABLE talk_files (
    id          BLOB NOT NULL PRIMARY KEY,
    customer_id BLOB NOT NULL
) WITHOUT ROWID;
