DROP TABLE talk_session_ends;
