//! Signatures: a token is read only if it is signed by the pinned algorithm with the pinned key.

use std::fmt;
use std::str::FromStr;

use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation};
use serde::de::DeserializeOwned;
use talk_domain::identity::credentials::TokenError;

/// Longer tokens are refused unread, in bytes.
const MAX_TOKEN_BYTES: usize = 8_192;

/// A signature algorithm that can be configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PinnedAlgorithm {
    /// HMAC with SHA-256 and a shared secret.
    Hs256,
    /// RSA (PKCS #1 v1.5) with SHA-256.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
}

impl PinnedAlgorithm {
    pub(crate) const fn algorithm(self) -> Algorithm {
        match self {
            Self::Hs256 => Algorithm::HS256,
            Self::Rs256 => Algorithm::RS256,
            Self::Es256 => Algorithm::ES256,
            Self::EdDsa => Algorithm::EdDSA,
        }
    }
}

impl fmt::Display for PinnedAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hs256 => "HS256",
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        })
    }
}

impl FromStr for PinnedAlgorithm {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "HS256" => Ok(Self::Hs256),
            "RS256" => Ok(Self::Rs256),
            "ES256" => Ok(Self::Es256),
            "EdDSA" => Ok(Self::EdDsa),
            _ => Err("must be HS256, RS256, ES256 or EdDSA".to_owned()),
        }
    }
}

/// Reads the header of a token and refuses one of another algorithm than `algorithm`.
pub(crate) fn header(token: &str, algorithm: PinnedAlgorithm) -> Result<Header, TokenError> {
    if token.len() > MAX_TOKEN_BYTES {
        return Err(TokenError::Invalid);
    }
    let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Invalid)?;
    // A critical extension that is not understood makes a token invalid (RFC 7515, 4.1.11).
    if header.alg != algorithm.algorithm() || header.crit.is_some() {
        return Err(TokenError::Invalid);
    }
    Ok(header)
}

/// Verifies the signature and returns the claims. Does not check the token's times.
pub(crate) fn verified<T: DeserializeOwned>(
    token: &str,
    algorithm: PinnedAlgorithm,
    key: &DecodingKey,
) -> Result<T, TokenError> {
    header(token, algorithm)?;
    let mut validation = Validation::new(algorithm.algorithm());
    // The caller checks times, issuer and audience.
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    let data = jsonwebtoken::decode::<T>(token, key, &validation);
    data.map(|data| data.claims)
        .map_err(|_| TokenError::Invalid)
}
