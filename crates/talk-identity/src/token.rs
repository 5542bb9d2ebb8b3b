//! Login tokens: signed and verified here, or by the trusted issuer.

use std::fmt;

use aws_lc_rs::hmac;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use talk_domain::identity::access_key::KeyHash;
use talk_domain::identity::agent::Agent;
use talk_domain::identity::credentials::{TokenClaims, TokenError, Tokens, VerifiedToken};
use talk_domain::kernel::id::TokenId;
use talk_domain::kernel::time::Timestamp;
use uuid::Uuid;

use crate::claims::check_expiry;
use crate::issuer::Issuer;
use crate::signature::{PinnedAlgorithm, verified};
use crate::{IdentityError, MIN_SECRET_BYTES, key};

/// [`Tokens`] signed with the installation's secret by HS256, and tokens of one trusted issuer.
pub struct SignedTokens {
    encoding: EncodingKey,
    decoding: DecodingKey,
    /// Verifies tokens signed with the previous secret.
    previous: Option<DecodingKey>,
    keys: hmac::Key,
    lifetime_seconds: u32,
    issuer: Option<Issuer>,
}

impl fmt::Debug for SignedTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedTokens")
            .field("lifetime_seconds", &self.lifetime_seconds)
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

/// Claims of a token issued by this server; times are seconds since 1970.
#[derive(Serialize, Deserialize)]
struct Claims {
    exp: i64,
    iat: i64,
    jti: Uuid,
    sub: Uuid,
    customer_id: Uuid,
    #[serde(rename = "gen")]
    generation: u32,
}

impl SignedTokens {
    /// Issues tokens signed with `secret` that are valid for `lifetime_seconds`, and verifies these
    /// and those of `issuer`.
    ///
    /// # Errors
    /// If the secret is too short, or the issuer has the same.
    pub fn new(
        secret: &SecretString,
        lifetime_seconds: u32,
        issuer: Option<Issuer>,
    ) -> Result<Self, IdentityError> {
        let text = secret.expose_secret();
        check_secret(text, issuer.as_ref())?;
        Ok(Self {
            encoding: EncodingKey::from_secret(text.as_bytes()),
            decoding: DecodingKey::from_secret(text.as_bytes()),
            previous: None,
            keys: hmac::Key::new(hmac::HMAC_SHA256, text.as_bytes()),
            lifetime_seconds,
            issuer,
        })
    }

    /// Also accepts tokens signed with `secret`, the previous one. New tokens are not signed with
    /// it.
    ///
    /// # Errors
    /// If the secret is too short, or the issuer has the same.
    pub fn with_previous(mut self, secret: &SecretString) -> Result<Self, IdentityError> {
        let text = secret.expose_secret();
        check_secret(text, self.issuer.as_ref())?;
        self.previous = Some(DecodingKey::from_secret(text.as_bytes()));
        Ok(self)
    }

    /// Returns the claims of a token signed with the current or the previous secret.
    fn claims(&self, token: &str) -> Result<Claims, TokenError> {
        let claims = verified(token, PinnedAlgorithm::Hs256, &self.decoding);
        match (claims, &self.previous) {
            (Err(TokenError::Invalid), Some(previous)) => {
                verified(token, PinnedAlgorithm::Hs256, previous)
            }
            (claims, _) => claims,
        }
    }

    fn verify_local(&self, token: &str, now: Timestamp) -> Result<VerifiedToken, TokenError> {
        let claims = self.claims(token)?;
        let expires = from_seconds(claims.exp)?;
        check_expiry(expires, now)?;
        Ok(VerifiedToken::Local(TokenClaims {
            agent: claims.sub.into(),
            token: claims.jti.into(),
            generation: claims.generation,
            expires,
        }))
    }
}

impl Tokens for SignedTokens {
    fn issue(
        &self,
        agent: &Agent,
        token: TokenId,
        now: Timestamp,
    ) -> Result<(String, TokenClaims), TokenError> {
        let iat = now.as_micros().div_euclid(1_000_000);
        let expires = from_seconds(iat)?.plus_seconds(self.lifetime_seconds);
        let claims = Claims {
            exp: expires.as_micros().div_euclid(1_000_000),
            iat,
            jti: token.0,
            sub: agent.id.0,
            customer_id: agent.customer.0,
            generation: agent.token_generation,
        };
        let text = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.encoding);
        let text = text.map_err(|_| TokenError::Invalid)?;
        let claims = TokenClaims {
            agent: agent.id,
            token,
            generation: agent.token_generation,
            expires,
        };
        Ok((text, claims))
    }

    /// Only a token that neither of our secrets signed is checked against the issuer.
    fn verify(&self, token: &str, now: Timestamp) -> Result<VerifiedToken, TokenError> {
        match (self.verify_local(token, now), &self.issuer) {
            (Err(TokenError::Invalid), Some(issuer)) => issuer.verify(token, now),
            (outcome, _) => outcome,
        }
    }

    fn new_key(&self) -> Result<String, TokenError> {
        key::random()
    }

    fn fingerprint_secret(&self) -> String {
        key::derived(&self.keys)
    }

    fn key_hash(&self, presented: &str) -> Option<KeyHash> {
        key::hash(presented)
    }
}

fn check_secret(text: &str, issuer: Option<&Issuer>) -> Result<(), IdentityError> {
    if text.len() < MIN_SECRET_BYTES {
        return Err(IdentityError::SecretTooShort(text.len()));
    }
    if issuer.is_some_and(|issuer| issuer.has_secret(text)) {
        return Err(IdentityError::SharedSecret);
    }
    Ok(())
}

fn from_seconds(seconds: i64) -> Result<Timestamp, TokenError> {
    seconds
        .checked_mul(1_000_000)
        .and_then(Timestamp::from_micros)
        .ok_or(TokenError::Invalid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use talk_domain::testing::{agent_id, an_agent, at};

    const SECRET: &str = "0123456789abcdef0123456789abcdef";
    const NOW: i64 = 1_705_487_400_250_000;

    fn tokens(secret: &str) -> SignedTokens {
        SignedTokens::new(&secret.into(), 60, None).unwrap()
    }

    fn issued() -> (String, TokenClaims) {
        let agent = Agent {
            token_generation: 3,
            ..an_agent(2)
        };
        let token = Uuid::from_u128(7).into();
        tokens(SECRET).issue(&agent, token, at(NOW)).unwrap()
    }

    #[test]
    fn an_issued_token_says_what_was_issued() {
        let (token, claims) = issued();
        assert_eq!((claims.agent, claims.generation), (agent_id(2), 3));
        assert_eq!(claims.expires, at(1_705_487_460_000_000));
        let verified = tokens(SECRET).verify(&token, at(NOW)).unwrap();
        assert_eq!(verified, VerifiedToken::Local(claims));
    }

    /// AUTH-14: relative to the time that is passed in.
    #[test]
    fn a_token_expires_five_seconds_late() {
        let (token, claims) = issued();
        let end = claims.expires.as_micros() + 5_000_000;
        assert!(tokens(SECRET).verify(&token, at(end - 1)).is_ok());
        let expired = tokens(SECRET).verify(&token, at(end));
        assert!(matches!(expired, Err(TokenError::Expired)));
    }

    /// RUN-04: a rotated secret logs nobody out.
    #[test]
    fn the_previous_secret_verifies_and_signs_nothing() {
        const NEW: &str = "another secret of thirty-two byt";
        let (old, claims) = issued();
        let rotated = tokens(NEW).with_previous(&SECRET.into()).unwrap();
        assert_eq!(
            rotated.verify(&old, at(NOW)).unwrap(),
            VerifiedToken::Local(claims)
        );
        let expired = rotated.verify(&old, at(NOW + 70_000_000));
        assert!(matches!(expired, Err(TokenError::Expired)));
        let token = Uuid::from_u128(8).into();
        let (new, _) = rotated.issue(&an_agent(2), token, at(NOW)).unwrap();
        assert!(tokens(NEW).verify(&new, at(NOW)).is_ok());
        assert!(tokens(SECRET).verify(&new, at(NOW)).is_err());
        assert!(tokens(NEW).with_previous(&SECRET[1..].into()).is_err());
    }

    #[test]
    fn a_tampered_foreign_or_broken_token_is_invalid() {
        let (token, _) = issued();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let (header, payload) = signed.split_once('.').unwrap();
        let flipped = if payload.ends_with('A') { "B" } else { "A" };
        let tampered = format!(
            "{header}.{}{flipped}.{signature}",
            &payload[..payload.len() - 1]
        );
        let unsigned = format!("{header}.{payload}.");
        // {"alg":"none","typ":"JWT"}
        let none = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{payload}.");
        let longer = format!("{token}.{signature}");
        let huge = "a".repeat(10_000);
        for broken in [
            "", ".", "..", "a.b.c", &tampered, &unsigned, &none, &longer, &huge,
        ] {
            let refused = tokens(SECRET).verify(broken, at(NOW));
            assert!(matches!(refused, Err(TokenError::Invalid)), "{broken}");
        }
        let foreign = tokens("another secret of thirty-two byt").verify(&token, at(NOW));
        assert!(matches!(foreign, Err(TokenError::Invalid)));
    }

    #[test]
    fn another_algorithm_with_the_right_secret_is_refused() {
        let claims = serde_json::json!({
            "exp": 1_705_487_460, "iat": 1_705_487_400, "gen": 0,
            "jti": Uuid::from_u128(7), "sub": Uuid::from_u128(8), "customer_id": Uuid::from_u128(9),
        });
        for (algorithm, is_valid) in [
            (Algorithm::HS256, true),
            (Algorithm::HS384, false),
            (Algorithm::HS512, false),
        ] {
            let key = EncodingKey::from_secret(SECRET.as_bytes());
            let token = jsonwebtoken::encode(&Header::new(algorithm), &claims, &key).unwrap();
            assert_eq!(
                tokens(SECRET).verify(&token, at(NOW)).is_ok(),
                is_valid,
                "{algorithm:?}"
            );
        }
    }

    #[test]
    fn a_token_of_ours_without_an_end_or_with_an_unknown_critical_header_is_refused() {
        let key = EncodingKey::from_secret(SECRET.as_bytes());
        let endless = serde_json::json!({
            "iat": 1, "gen": 0,
            "jti": Uuid::nil(), "sub": Uuid::nil(), "customer_id": Uuid::nil(),
        });
        let endless = jsonwebtoken::encode(&Header::default(), &endless, &key).unwrap();
        assert!(tokens(SECRET).verify(&endless, at(NOW)).is_err());
        let critical = Header {
            crit: Some(vec!["exp".into()]),
            ..Header::default()
        };
        let claims = serde_json::json!({
            "exp": 1_705_487_460, "iat": 1, "gen": 0,
            "jti": Uuid::nil(), "sub": Uuid::nil(), "customer_id": Uuid::nil(),
        });
        let critical = jsonwebtoken::encode(&critical, &claims, &key).unwrap();
        assert!(tokens(SECRET).verify(&critical, at(NOW)).is_err());
    }

    /// RUN-04.
    #[test]
    fn a_secret_under_32_bytes_is_refused_and_never_printed() {
        let refused = SignedTokens::new(&SECRET[1..].into(), 60, None).unwrap_err();
        assert!(matches!(refused, IdentityError::SecretTooShort(31)));
        assert!(!format!("{:?}", tokens(SECRET)).contains("0123"));
    }
}
