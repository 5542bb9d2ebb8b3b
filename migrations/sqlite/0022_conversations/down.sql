DROP TABLE talk_inbox;
DROP TABLE talk_conversation_messages;
DROP TABLE talk_rooms;
DROP TABLE talk_conversations;
DROP TABLE talk_accounts;
