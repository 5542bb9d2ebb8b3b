-- Agents who take part in a conversation besides its owner.
CREATE TABLE talk_conversation_participants (
    conversation_id BLOB   NOT NULL,
    agent_id        BLOB   NOT NULL,
    customer_id     BLOB   NOT NULL,
    added_at        BIGINT NOT NULL,
    PRIMARY KEY (conversation_id, agent_id)
) WITHOUT ROWID;
CREATE INDEX talk_conversation_participants_agent
    ON talk_conversation_participants (customer_id, agent_id, conversation_id);

-- Up to where an agent has read a conversation.
CREATE TABLE talk_conversation_marks (
    conversation_id BLOB   NOT NULL,
    agent_id        BLOB   NOT NULL,
    customer_id     BLOB   NOT NULL,
    seq             BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    PRIMARY KEY (conversation_id, agent_id)
) WITHOUT ROWID;
CREATE INDEX talk_conversation_marks_customer ON talk_conversation_marks (customer_id);

ALTER TABLE talk_conversations ADD COLUMN participants BIGINT NOT NULL DEFAULT 0;
