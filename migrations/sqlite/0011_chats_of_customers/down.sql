DROP INDEX talk_chats_customer;
