//! Ended sessions.

use diesel::prelude::*;
use talk_domain::id::TokenId;
use talk_domain::session::SessionRepository;
use talk_domain::store::StoreError;
use talk_domain::time::Timestamp;

use super::Scope;
use crate::error::fault;
use crate::rows::bytes;
use crate::schema::revoked_tokens;

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

    fn purge(&mut self, now: Timestamp) -> Result<(), StoreError> {
        let ended = revoked_tokens::expires_at.lt(now.as_micros());
        diesel::delete(revoked_tokens::table.filter(ended))
            .execute(self.conn)
            .map(drop)
            .map_err(fault)
    }
}
