ALTER TABLE talk_rooms DROP COLUMN opted_out_at;
