-- Revocations are forgotten in portions, those of the tokens that ended first.
CREATE INDEX talk_revoked_tokens_end ON talk_revoked_tokens (expires_at);
