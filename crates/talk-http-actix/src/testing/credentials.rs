//! Passwords and tokens that tests can write down.

use talk_domain::identity::access_key::KeyHash;
use talk_domain::identity::agent::{Agent, PasswordHash};
use talk_domain::identity::credentials::{
    PasswordError, PasswordMatch, Passwords, TokenClaims, TokenError, Tokens, VerifiedToken,
};
use talk_domain::kernel::future::BoxFuture;
use talk_domain::kernel::id::TokenId;
use talk_domain::kernel::time::Timestamp;
use talk_domain::testing::{agent_id, at};
use uuid::Uuid;

use crate::digest::digest;

/// A hasher whose hash is the password itself; `old <password>` is a hash of the older form.
pub(super) struct Plain;

impl Passwords for Plain {
    fn hash(&self, password: String) -> BoxFuture<'_, Result<PasswordHash, PasswordError>> {
        Box::pin(async { Ok(PasswordHash(password)) })
    }

    fn verify(
        &self,
        password: String,
        stored: Option<PasswordHash>,
    ) -> BoxFuture<'_, Result<PasswordMatch, PasswordError>> {
        Box::pin(async move {
            let old = PasswordHash(format!("old {password}"));
            Ok(match stored {
                Some(stored) if stored == PasswordHash(password) => PasswordMatch::Right,
                Some(stored) if stored == old => PasswordMatch::RightBeforeNormalization,
                Some(_) | None => PasswordMatch::Wrong,
            })
        })
    }
}

/// `t-<n>` is the token of agent n, `vb_…` an access key.
pub(super) struct Numbered;

impl Tokens for Numbered {
    fn issue(
        &self,
        agent: &Agent,
        token: TokenId,
        now: Timestamp,
    ) -> Result<(String, TokenClaims), TokenError> {
        let claims = TokenClaims {
            agent: agent.id,
            token,
            generation: agent.token_generation,
            expires: now.plus_seconds(60),
        };
        Ok((format!("issued-{}", agent.username), claims))
    }

    fn verify(&self, token: &str, _: Timestamp) -> Result<VerifiedToken, TokenError> {
        let n = token.strip_prefix("t-").and_then(|n| n.parse().ok());
        let n: u128 = n.ok_or(TokenError::Invalid)?;
        Ok(VerifiedToken::Local(TokenClaims {
            agent: agent_id(n),
            token: TokenId(Uuid::from_u128(n)),
            generation: 0,
            expires: at(i64::from(u32::MAX)),
        }))
    }

    fn new_key(&self) -> Result<String, TokenError> {
        Ok("vb_0000000000000007".to_owned())
    }

    fn fingerprint_secret(&self) -> String {
        "secret".to_owned()
    }

    fn key_hash(&self, presented: &str) -> Option<KeyHash> {
        presented
            .starts_with("vb_")
            .then(|| digest(&[presented.as_bytes()]))
    }
}
