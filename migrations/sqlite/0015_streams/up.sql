-- The event log knows streams, each of an object of some realm, and how an event changes who may read
-- its stream. Its rows get a number of their own, by which the whole log is read in commit order.

CREATE TABLE talk_events_of_streams (
    -- Rises in commit order. No number is given twice, see talk_events_end below.
    serial      INTEGER NOT NULL PRIMARY KEY,
    stream_id   BLOB    NOT NULL,
    seq         BIGINT  NOT NULL,
    customer_id BLOB    NOT NULL,
    realm       TEXT    NOT NULL,
    kind        TEXT    NOT NULL,
    actor       BLOB    NOT NULL,
    subject     BLOB    NOT NULL,
    -- For example 'joins:<id> leaves:<id>', or 'ends'; NULL if nothing changes. Ids are 32 hexadecimal
    -- digits.
    changes     TEXT,
    tm          BIGINT  NOT NULL,
    -- The frame, byte for byte as it is pushed and replayed. Last, so that the other columns are found
    -- without reading it.
    payload     TEXT    NOT NULL
);
INSERT INTO talk_events_of_streams
SELECT
    e.rowid, e.chat_id, e.seq, c.customer_id, 'chat', e.kind, e.actor, e.subject,
    CASE e.kind
        WHEN 'participant_joined' THEN 'joins:' || lower(hex(e.subject))
        WHEN 'participant_left' THEN 'leaves:' || lower(hex(e.subject))
        WHEN 'chat_deleted' THEN 'ends'
    END,
    e.tm, e.payload
FROM talk_events e JOIN talk_chats c ON c.id = e.chat_id ORDER BY e.rowid;
DROP TABLE talk_events;
ALTER TABLE talk_events_of_streams RENAME TO talk_events;
CREATE UNIQUE INDEX talk_events_place ON talk_events (stream_id, seq);

-- SQLite gives the highest number again once its row is deleted. A consumer that has stored the number
-- would miss the new row. So 'events_end' of talk_meta keeps the highest number that was ever deleted,
-- and the next number is higher than that, too.
INSERT INTO talk_meta (key, value) VALUES ('events_end', '0');
CREATE TRIGGER talk_events_end BEFORE DELETE ON talk_events
WHEN old.serial = (SELECT MAX(serial) FROM talk_events)
BEGIN
    UPDATE talk_meta SET value = old.serial
    WHERE key = 'events_end' AND CAST(value AS INTEGER) < old.serial;
END;
