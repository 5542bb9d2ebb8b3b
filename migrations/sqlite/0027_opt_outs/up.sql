-- When the person outside refused further messages. NULL if they may be sent.
ALTER TABLE talk_rooms ADD COLUMN opted_out_at BIGINT;
