-- The long message that a receipt is a segment of, while it waits for the others. NULL for other receipts.
ALTER TABLE talk_receipts ADD COLUMN segment_of TEXT;
CREATE INDEX talk_receipts_segments ON talk_receipts (account_id, segment_of)
    WHERE segment_of IS NOT NULL;
