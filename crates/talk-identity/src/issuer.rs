//! The trusted issuer: an installation may accept tokens of VoIPBIN or another existing issuer.

use std::fmt;

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use talk_domain::identity::credentials::{TokenError, VerifiedToken};
use talk_domain::kernel::id::TokenId;
use talk_domain::kernel::time::Timestamp;
use uuid::{Builder, Uuid};

use crate::IdentityError;
use crate::claims::{check_expiry, check_start, find, id, instant};
use crate::key::sha256;
use crate::signature::{PinnedAlgorithm, header, verified};

/// The one key, or the one set of keys, an issuer signs with.
#[derive(Debug)]
pub enum IssuerKey {
    /// A shared secret, for HS256.
    Secret(SecretString),
    /// A public key in PEM, for the other algorithms.
    Pem(String),
    /// A JSON Web Key Set, for the other algorithms; tokens name their key by `kid`.
    Jwks(String),
}

/// The settings of a trusted issuer.
#[derive(Debug)]
pub struct IssuerOptions {
    /// The one algorithm it signs with.
    pub algorithm: PinnedAlgorithm,
    /// The key that verifies its signatures.
    pub key: IssuerKey,
    /// The required value of `iss`; `None` accepts any.
    pub issuer: Option<String>,
    /// The required entry of `aud`; `None` accepts any.
    pub audience: Option<String>,
    /// Path of the claim with the agent's id, for example `sub` or `agent.id`.
    pub agent_claim: String,
    /// Path of the claim with the customer's id, for example `agent.customer_id`.
    pub customer_claim: String,
    /// Path of a further claim with the token's expiry, besides `exp`, for example VoIPBIN's
    /// `expire`.
    pub expire_claim: String,
}

/// An external issuer whose tokens are accepted.
pub struct Issuer {
    algorithm: PinnedAlgorithm,
    keys: Vec<(Option<String>, DecodingKey)>,
    secret: Option<SecretString>,
    name: Option<String>,
    audience: Option<String>,
    agent_claim: String,
    customer_claim: String,
    expire_claim: String,
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issuer")
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

impl Issuer {
    /// Creates an issuer from `options`.
    ///
    /// # Errors
    /// If the key does not fit the algorithm, or a claim path is empty.
    pub fn new(options: IssuerOptions) -> Result<Self, IdentityError> {
        for (name, path) in [
            ("the agent claim", &options.agent_claim),
            ("the customer claim", &options.customer_claim),
            ("the expiry claim", &options.expire_claim),
        ] {
            if path.is_empty() {
                return Err(IdentityError::ClaimPath(name));
            }
        }
        let algorithm = options.algorithm;
        let keys = keys(algorithm, &options.key);
        let keys = keys.map_err(|reason| IdentityError::Key { algorithm, reason })?;
        let secret = match options.key {
            IssuerKey::Secret(secret) => Some(secret),
            IssuerKey::Pem(_) | IssuerKey::Jwks(_) => None,
        };
        Ok(Self {
            algorithm,
            keys,
            secret,
            name: options.issuer,
            audience: options.audience,
            agent_claim: options.agent_claim,
            customer_claim: options.customer_claim,
            expire_claim: options.expire_claim,
        })
    }

    /// Returns whether this issuer's shared secret equals `secret`.
    pub(crate) fn has_secret(&self, secret: &str) -> bool {
        self.secret
            .as_ref()
            .is_some_and(|own| own.expose_secret() == secret)
    }

    /// Returns the agent and customer in a token of this issuer that is valid at `now`.
    pub(crate) fn verify(&self, token: &str, now: Timestamp) -> Result<VerifiedToken, TokenError> {
        let key = self.key_of(token)?;
        let claims: Value = verified(token, self.algorithm, key)?;
        self.check_origin(&claims)?;
        let expires = self.expiry(&claims)?;
        check_expiry(expires, now)?;
        if let Some(start) = claims.get("nbf") {
            check_start(instant(start)?, now)?;
        }
        Ok(VerifiedToken::External {
            agent: id(&claims, &self.agent_claim)?.into(),
            customer: id(&claims, &self.customer_claim)?.into(),
            token: token_id(token, &claims),
            expires,
        })
    }

    /// Returns the key that the token's `kid` selects. A token without `kid` is accepted only if
    /// there is exactly one key, and a single key without a name fits any `kid`.
    fn key_of(&self, token: &str) -> Result<&DecodingKey, TokenError> {
        let wanted = header(token, self.algorithm)?.kid;
        let is_named = |kid: &Option<String>| wanted.is_some() && *kid == wanted;
        let named = self.keys.iter().find(|(kid, _)| is_named(kid));
        let only = match self.keys.as_slice() {
            [only @ (kid, _)] if wanted.is_none() || kid.is_none() => Some(only),
            _ => None,
        };
        let key = named.or(only).map(|(_, key)| key);
        key.ok_or(TokenError::Invalid)
    }

    fn check_origin(&self, claims: &Value) -> Result<(), TokenError> {
        if let Some(name) = &self.name
            && claims.get("iss").and_then(Value::as_str) != Some(name)
        {
            return Err(TokenError::Invalid);
        }
        let Some(audience) = &self.audience else {
            return Ok(());
        };
        let is_meant = match claims.get("aud") {
            Some(Value::String(meant)) => meant == audience,
            Some(Value::Array(meant)) => meant.iter().any(|meant| meant == audience),
            _ => false,
        };
        if is_meant {
            Ok(())
        } else {
            Err(TokenError::Invalid)
        }
    }

    /// Returns the expiry: the earlier of `exp` and the issuer's own claim. A token without either
    /// is refused.
    fn expiry(&self, claims: &Value) -> Result<Timestamp, TokenError> {
        let ends = [claims.get("exp"), find(claims, &self.expire_claim)];
        let ends: Result<Vec<_>, _> = ends.into_iter().flatten().map(instant).collect();
        ends?.into_iter().min().ok_or(TokenError::Invalid)
    }
}

/// Returns `jti` if it is a UUID, else an id derived from header and payload. The signature is left
/// out: some signatures can be rewritten without the key, and a revoked token must not return under
/// another id.
fn token_id(token: &str, claims: &Value) -> TokenId {
    let named = claims.get("jti").and_then(Value::as_str);
    if let Some(id) = named.and_then(|id| Uuid::parse_str(id).ok()) {
        return id.into();
    }
    let signed = token.rsplit_once('.').map_or(token, |(signed, _)| signed);
    let mut bytes = [0; 16];
    for (byte, digest) in bytes.iter_mut().zip(sha256(signed.as_bytes())) {
        *byte = digest;
    }
    Builder::from_custom_bytes(bytes).into_uuid().into()
}

type Keys = Vec<(Option<String>, DecodingKey)>;

fn keys(algorithm: PinnedAlgorithm, key: &IssuerKey) -> Result<Keys, String> {
    match (algorithm, key) {
        (PinnedAlgorithm::Hs256, IssuerKey::Secret(secret)) => {
            let secret = secret.expose_secret();
            if secret.len() < crate::MIN_SECRET_BYTES {
                return Err(format!(
                    "it has less than {} bytes",
                    crate::MIN_SECRET_BYTES
                ));
            }
            Ok(vec![(None, DecodingKey::from_secret(secret.as_bytes()))])
        }
        (PinnedAlgorithm::Hs256, _) => Err("HS256 needs a shared secret".to_owned()),
        (_, IssuerKey::Secret(_)) => Err("it needs a public key, not a secret".to_owned()),
        (_, IssuerKey::Pem(pem)) => Ok(vec![(None, pem_key(algorithm, pem)?)]),
        (_, IssuerKey::Jwks(set)) => jwks_keys(algorithm, set),
    }
}

fn pem_key(algorithm: PinnedAlgorithm, pem: &str) -> Result<DecodingKey, String> {
    if pem.contains("PRIVATE KEY") {
        return Err("it is a private key, which belongs nowhere but to the issuer".to_owned());
    }
    let pem = pem.as_bytes();
    let key = match algorithm {
        PinnedAlgorithm::Hs256 => return Err("HS256 needs a shared secret".to_owned()),
        PinnedAlgorithm::Rs256 => DecodingKey::from_rsa_pem(pem),
        PinnedAlgorithm::Es256 => DecodingKey::from_ec_pem(pem),
        PinnedAlgorithm::EdDsa => DecodingKey::from_ed_pem(pem),
    };
    key.map_err(|error| error.to_string())
}

fn jwks_keys(algorithm: PinnedAlgorithm, set: &str) -> Result<Keys, String> {
    let set: JwkSet = serde_json::from_str(set).map_err(|error| error.to_string())?;
    let fitting = set.keys.iter().filter(|key| fits(algorithm, key));
    let keys: Result<Keys, _> = fitting
        .map(|key| Ok((key.common.key_id.clone(), DecodingKey::from_jwk(key)?)))
        .collect();
    let keys = keys.map_err(|error: jsonwebtoken::errors::Error| error.to_string())?;
    if keys.is_empty() {
        return Err("the set has no fitting key".to_owned());
    }
    Ok(keys)
}

fn fits(algorithm: PinnedAlgorithm, key: &Jwk) -> bool {
    let declared = key.common.key_algorithm;
    let declared = declared.is_none_or(|named| named.to_string() == algorithm.to_string());
    declared
        && match (&key.algorithm, algorithm.algorithm()) {
            (AlgorithmParameters::RSA(_), Algorithm::RS256) => true,
            (AlgorithmParameters::EllipticCurve(key), Algorithm::ES256) => {
                key.curve == EllipticCurve::P256
            }
            (AlgorithmParameters::OctetKeyPair(key), Algorithm::EdDSA) => {
                key.curve == EllipticCurve::Ed25519
            }
            _ => false,
        }
}
