-- The chats of a customer one after the other, for work behind the writes. No event changes these
-- columns, so that only a new chat writes to the index.
CREATE INDEX talk_chats_customer ON talk_chats (customer_id, id);
