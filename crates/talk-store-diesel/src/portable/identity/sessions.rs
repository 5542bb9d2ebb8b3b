//! Ended sessions.

use diesel::prelude::*;
use talk_domain::identity::credentials::TOKEN_LEEWAY_SECONDS;
use talk_domain::identity::session::SessionRepository;
use talk_domain::kernel::id::{AgentId, TokenId};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::time::Timestamp;

use crate::error::fault;
use crate::portable::rows::bytes;
use crate::portable::schema::{revoked_tokens, session_ends};
use crate::portable::scope::Scope;

/// Seconds that a session end is stored: much longer than a node needs to read it.
const KEPT_SECONDS: i64 = 60 * 60;

impl SessionRepository for Scope<'_> {
    fn revoke(&mut self, token: TokenId, expires: Timestamp) -> Result<(), StoreError> {
        self.cache.invalidate_tokens();
        let row = (
            revoked_tokens::id.eq(bytes(token.0)),
            revoked_tokens::expires_at.eq(expires.as_micros()),
        );
        self.insert_if_absent(|conn| {
            diesel::insert_into(revoked_tokens::table)
                .values(row)
                .execute(conn)
        })
        .map(drop)
    }

    fn end(&mut self, agent: AgentId, now: Timestamp) -> Result<(), StoreError> {
        diesel::insert_into(session_ends::table)
            .values((
                session_ends::agent_id.eq(bytes(agent.0)),
                session_ends::ended_at.eq(now.as_micros()),
            ))
            .execute(self.changing())
            .map(drop)
            .map_err(fault)
    }

    fn purge(&mut self, now: Timestamp, limit: u32) -> Result<usize, StoreError> {
        self.cache.invalidate_tokens();
        let accepted_since = now.as_micros() - i64::from(TOKEN_LEEWAY_SECONDS) * 1_000_000;
        let tokens: Vec<Vec<u8>> = revoked_tokens::table
            .filter(revoked_tokens::expires_at.lt(accepted_since))
            .order(revoked_tokens::expires_at.asc())
            .limit(i64::from(limit))
            .select(revoked_tokens::id)
            .load(self.conn)
            .map_err(fault)?;
        for token in &tokens {
            diesel::delete(revoked_tokens::table.find(token))
                .execute(self.changing())
                .map_err(fault)?;
        }
        let left = i64::from(limit) - i64::try_from(tokens.len()).unwrap_or(i64::MAX);
        let read_by_all = now.as_micros() - KEPT_SECONDS * 1_000_000;
        let ends: Vec<(Vec<u8>, i64)> = session_ends::table
            .filter(session_ends::ended_at.lt(read_by_all))
            .order(session_ends::ended_at.asc())
            .limit(left)
            .load(self.conn)
            .map_err(fault)?;
        for (agent, ended) in &ends {
            let end = session_ends::table
                .filter(session_ends::ended_at.eq(ended))
                .filter(session_ends::agent_id.eq(agent));
            diesel::delete(end)
                .execute(self.changing())
                .map_err(fault)?;
        }
        Ok(tokens.len() + ends.len())
    }
}
