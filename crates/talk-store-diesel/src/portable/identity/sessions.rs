//! Ended sessions.

use diesel::prelude::*;
use talk_domain::identity::credentials::TOKEN_LEEWAY_SECONDS;
use talk_domain::identity::session::SessionRepository;
use talk_domain::kernel::id::{AgentId, TokenId};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::time::Timestamp;

use crate::error::fault;
use crate::portable::rows::{bytes, number, seq};
use crate::portable::schema::{revoked_tokens, session_ends};
use crate::portable::scope::Scope;

/// How long a session end is stored: much longer than any node needs to read it.
const KEPT_SECONDS: i64 = 60 * 60;

impl Scope<'_> {
    pub(crate) fn last_session_end(&mut self) -> Result<u64, StoreError> {
        let last: Option<i64> = session_ends::table
            .filter(session_ends::seq.gt(0))
            .select(session_ends::seq)
            .order(session_ends::seq.desc())
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        last.map_or(Ok(0), number)
    }
}

impl Scope<'_> {
    /// Finds up to `limit` session ends that every node has read, oldest first. The last one stays,
    /// so that its number is not reused.
    fn old_ends(&mut self, now: Timestamp, limit: i64) -> Result<Vec<i64>, StoreError> {
        let last = self.last_session_end()?;
        let oldest: Vec<(i64, i64)> = session_ends::table
            .filter(session_ends::seq.gt(0))
            .filter(session_ends::seq.lt(seq(last)))
            .order(session_ends::seq.asc())
            .limit(limit)
            .select((session_ends::seq, session_ends::ended_at))
            .load(self.conn)
            .map_err(fault)?;
        let long_ago = now.as_micros() - KEPT_SECONDS * 1_000_000;
        let old = oldest.into_iter().filter(|(_, ended)| *ended < long_ago);
        Ok(old.map(|(number, _)| number).collect())
    }
}

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
        let next = self.last_session_end()? + 1;
        diesel::insert_into(session_ends::table)
            .values((
                session_ends::seq.eq(seq(next)),
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
        let ends = self.old_ends(now, left)?;
        for end in &ends {
            diesel::delete(session_ends::table.find(end))
                .execute(self.changing())
                .map_err(fault)?;
        }
        Ok(tokens.len() + ends.len())
    }
}
