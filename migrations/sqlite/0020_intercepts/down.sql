DROP TABLE talk_held_messages;
DROP TABLE talk_intercept_decisions;
DROP TABLE talk_intercepts;
