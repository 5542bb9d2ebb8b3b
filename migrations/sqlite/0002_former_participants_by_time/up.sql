CREATE INDEX talk_former_participants_page ON talk_former_participants (chat_id, joined_at, participant_id);
