-- Couples with skin tones that were written without U+FE0F had the key of another emoji. The key of
-- an emoji is its characters without U+FE0F; short names are ASCII, and their keys were right.

CREATE TABLE talk_reactions_renewed AS
SELECT message_id, agent_id, replace(emoji, char(0xFE0F), '') AS emoji_key, emoji, created_at
FROM talk_reactions
WHERE emoji GLOB '*[^ -~]*' AND emoji_key <> replace(emoji, char(0xFE0F), '');

DELETE FROM talk_reactions
WHERE emoji GLOB '*[^ -~]*' AND emoji_key <> replace(emoji, char(0xFE0F), '');

-- Where the agent has reacted with the same emoji in another spelling, that reaction stays.
INSERT OR IGNORE INTO talk_reactions (message_id, agent_id, emoji_key, emoji, created_at)
SELECT message_id, agent_id, emoji_key, emoji, created_at FROM talk_reactions_renewed;

UPDATE talk_messages SET reaction_count =
    (SELECT COUNT(*) FROM talk_reactions r WHERE r.message_id = talk_messages.id)
WHERE id IN (SELECT message_id FROM talk_reactions_renewed);

DROP TABLE talk_reactions_renewed;
