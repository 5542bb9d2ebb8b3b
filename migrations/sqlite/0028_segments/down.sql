DROP INDEX talk_receipts_segments;
ALTER TABLE talk_receipts DROP COLUMN segment_of;
