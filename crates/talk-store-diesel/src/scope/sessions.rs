//! Ended sessions.

use diesel::prelude::*;
use talk_domain::id::TokenId;
use talk_domain::session::SessionRepository;
use talk_domain::store::StoreError;
use talk_domain::time::Timestamp;

use super::Scope;
use crate::error::{corrupt, fault};
use crate::rows::bytes;
use crate::schema::{meta, revoked_tokens};

/// The key under which ends are counted.
const ENDS: &str = "session_ends";

impl Scope<'_> {
    pub(super) fn session_ends(&mut self) -> Result<u64, StoreError> {
        let counted: Option<String> = meta::table
            .find(ENDS)
            .select(meta::value)
            .first(self.conn)
            .optional()
            .map_err(fault)?;
        counted.map_or(Ok(0), |counted| counted.parse().map_err(corrupt))
    }
}

impl SessionRepository for Scope<'_> {
    fn revoke(&mut self, token: TokenId, expires: Timestamp) -> Result<(), StoreError> {
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

    fn count_end(&mut self) -> Result<(), StoreError> {
        let counted = self.session_ends()? + 1;
        diesel::delete(meta::table.find(ENDS))
            .execute(self.conn)
            .map_err(fault)?;
        diesel::insert_into(meta::table)
            .values((meta::key.eq(ENDS), meta::value.eq(counted.to_string())))
            .execute(self.conn)
            .map(drop)
            .map_err(fault)
    }

    fn purge(&mut self, now: Timestamp) -> Result<(), StoreError> {
        let ended = revoked_tokens::expires_at.lt(now.as_micros());
        diesel::delete(revoked_tokens::table.filter(ended))
            .execute(self.conn)
            .map(drop)
            .map_err(fault)
    }
}
