DROP INDEX talk_revoked_tokens_end;
