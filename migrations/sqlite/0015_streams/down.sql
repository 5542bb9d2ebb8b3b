DROP TRIGGER talk_events_end;
DELETE FROM talk_meta WHERE key = 'events_end';
CREATE TABLE talk_events_of_chats (
    chat_id BLOB   NOT NULL,
    seq     BIGINT NOT NULL,
    kind    TEXT   NOT NULL,
    payload TEXT   NOT NULL,
    actor   BLOB   NOT NULL,
    subject BLOB   NOT NULL,
    tm      BIGINT NOT NULL,
    PRIMARY KEY (chat_id, seq)
);
INSERT INTO talk_events_of_chats (rowid, chat_id, seq, kind, payload, actor, subject, tm)
SELECT serial, stream_id, seq, kind, payload, actor, subject, tm
FROM talk_events WHERE realm = 'chat' ORDER BY serial;
DROP TABLE talk_events;
ALTER TABLE talk_events_of_chats RENAME TO talk_events;
