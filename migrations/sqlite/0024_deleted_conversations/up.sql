ALTER TABLE talk_conversations ADD COLUMN deleted_at BIGINT;

-- The key of a room is NULL once its conversation is deleted, so that another room may have it.
CREATE TABLE talk_rooms_new (
    id              BLOB   NOT NULL PRIMARY KEY,
    customer_id     BLOB   NOT NULL,
    conversation_id BLOB   NOT NULL,
    account_id      BLOB   NOT NULL,
    method          TEXT   NOT NULL,
    own_kind        TEXT   NOT NULL,
    own_target      TEXT   NOT NULL,
    own_name        TEXT   NOT NULL,
    peer_kind       TEXT   NOT NULL,
    peer_target     TEXT   NOT NULL,
    peer_name       TEXT   NOT NULL,
    room_key        BLOB,
    created_at      BIGINT NOT NULL
) WITHOUT ROWID;
INSERT INTO talk_rooms_new
SELECT id, customer_id, conversation_id, account_id, method, own_kind, own_target, own_name,
       peer_kind, peer_target, peer_name, room_key, created_at
FROM talk_rooms;
DROP TABLE talk_rooms;
ALTER TABLE talk_rooms_new RENAME TO talk_rooms;
CREATE UNIQUE INDEX talk_rooms_key ON talk_rooms (room_key);
CREATE INDEX talk_rooms_peer ON talk_rooms (customer_id, peer_target);
CREATE INDEX talk_rooms_conversation ON talk_rooms (conversation_id);
