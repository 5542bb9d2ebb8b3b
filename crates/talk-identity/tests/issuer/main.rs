//! Tests of tokens of a trusted issuer: only configured keys, algorithms and claims count.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod keys;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use keys::{edwards, elliptic, rsa};
use secrecy::SecretString;
use serde_json::{Value, json};
use talk_domain::identity::credentials::{TokenError, Tokens, VerifiedToken};
use talk_domain::kernel::time::Timestamp;
use talk_domain::testing::{agent_id, an_agent, at, customer_id};
use talk_identity::{
    IdentityError, Issuer, IssuerKey, IssuerOptions, PinnedAlgorithm, SignedTokens,
};
use uuid::Uuid;

const OWN_SECRET: &str = "the secret of this installation!";
const ISSUER_SECRET: &str = "the secret of the other service!";

fn now() -> Timestamp {
    at(1_705_487_400_000_000)
}

fn options(algorithm: PinnedAlgorithm, key: IssuerKey) -> IssuerOptions {
    IssuerOptions {
        algorithm,
        key,
        issuer: None,
        audience: None,
        agent_claim: "agent.id".into(),
        customer_claim: "agent.customer_id".into(),
        expire_claim: "expire".into(),
    }
}

fn secret_options() -> IssuerOptions {
    options(
        PinnedAlgorithm::Hs256,
        IssuerKey::Secret(ISSUER_SECRET.into()),
    )
}

fn trusting(options: IssuerOptions) -> SignedTokens {
    let issuer = Issuer::new(options).unwrap();
    SignedTokens::new(&OWN_SECRET.into(), 60, Some(issuer)).unwrap()
}

fn claims() -> Value {
    json!({
        "agent": {"id": agent_id(2).0, "customer_id": customer_id().0},
        "expire": "2024-01-17T10:31:00Z",
    })
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn by_secret(claims: &Value) -> String {
    let key = EncodingKey::from_secret(ISSUER_SECRET.as_bytes());
    encode(&Header::new(Algorithm::HS256), claims, &key).unwrap()
}

fn refusal(tokens: &SignedTokens, token: &str) -> TokenError {
    tokens.verify(token, now()).expect_err("a refusal")
}

#[test]
fn tokens_of_every_pinned_algorithm_name_their_agent() {
    for keys in [rsa(), elliptic(), edwards()] {
        let set = json!({"keys": [keys.jwk]}).to_string();
        for key in [IssuerKey::Pem(keys.public.clone()), IssuerKey::Jwks(set)] {
            let tokens = trusting(options(keys.algorithm, key));
            let token = encode(&Header::new(keys.header), &claims(), &keys.signing).unwrap();
            let verified = tokens.verify(&token, now()).unwrap();
            let VerifiedToken::External {
                agent,
                customer,
                expires,
                ..
            } = verified
            else {
                panic!("{verified:?}")
            };
            assert_eq!((agent, customer), (agent_id(2), customer_id()));
            assert_eq!(expires, at(1_705_487_460_000_000));
        }
    }
}

#[test]
fn our_own_tokens_stay_valid_beside_the_issuers() {
    let tokens = trusting(secret_options());
    let id = Uuid::from_u128(7).into();
    let (token, claims) = tokens.issue(&an_agent(2), id, now()).unwrap();
    assert_eq!(
        tokens.verify(&token, now()).unwrap(),
        VerifiedToken::Local(claims)
    );
    assert!(tokens.verify(&by_secret(&self::claims()), now()).is_ok());
}

/// Algorithm confusion: the public key is no secret, so it must never serve as one.
#[test]
fn a_token_signed_with_the_public_key_as_secret_is_refused() {
    for keys in [rsa(), elliptic(), edwards()] {
        let tokens = trusting(options(keys.algorithm, IssuerKey::Pem(keys.public.clone())));
        for secret in [keys.public.as_str(), keys.public.trim()] {
            let key = EncodingKey::from_secret(secret.as_bytes());
            let forged = encode(&Header::new(Algorithm::HS256), &claims(), &key).unwrap();
            assert!(matches!(refusal(&tokens, &forged), TokenError::Invalid));
        }
    }
}

#[test]
fn another_key_another_algorithm_and_no_algorithm_are_refused() {
    let (ours, theirs) = (rsa(), rsa());
    let tokens = trusting(options(ours.algorithm, IssuerKey::Pem(ours.public)));
    let foreign = encode(&Header::new(Algorithm::RS256), &claims(), &theirs.signing).unwrap();
    let longer = encode(&Header::new(Algorithm::RS384), &claims(), &ours.signing).unwrap();
    let payload = URL_SAFE_NO_PAD.encode(claims().to_string());
    let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
    for token in [foreign, longer, format!("{none}.{payload}.")] {
        assert!(matches!(refusal(&tokens, &token), TokenError::Invalid));
    }
}

#[test]
fn a_key_offered_by_the_token_itself_is_not_looked_at() {
    let (ours, theirs) = (elliptic(), elliptic());
    let tokens = trusting(options(ours.algorithm, IssuerKey::Pem(ours.public)));
    let mut header = Header::new(Algorithm::ES256);
    header.jwk = Some(serde_json::from_value(theirs.jwk).unwrap());
    let token = encode(&header, &claims(), &theirs.signing).unwrap();
    assert!(matches!(refusal(&tokens, &token), TokenError::Invalid));
}

#[test]
fn of_several_keys_the_named_one_counts_and_a_nameless_token_is_refused() {
    let (mut one, mut two) = (edwards(), edwards());
    one.jwk["kid"] = json!("one");
    two.jwk["kid"] = json!("two");
    let set = json!({"keys": [one.jwk, two.jwk, rsa().jwk]}).to_string();
    let tokens = trusting(options(PinnedAlgorithm::EdDsa, IssuerKey::Jwks(set)));
    for (kid, key, is_valid) in [
        (Some("one"), &one.signing, true),
        (Some("two"), &two.signing, true),
        (Some("two"), &one.signing, false),
        (Some("three"), &one.signing, false),
        (None, &one.signing, false),
    ] {
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = kid.map(str::to_owned);
        let token = encode(&header, &claims(), key).unwrap();
        assert_eq!(tokens.verify(&token, now()).is_ok(), is_valid, "{kid:?}");
    }
}

/// The earlier of `exp` and the issuer's claim ends a token; one without either is refused.
#[test]
fn a_token_needs_an_end_and_ends_at_the_earlier_one() {
    let tokens = trusting(secret_options());
    let mut endless = claims();
    endless.as_object_mut().unwrap().remove("expire");
    assert!(matches!(
        refusal(&tokens, &by_secret(&endless)),
        TokenError::Invalid
    ));
    for (name, value) in [
        ("expire", json!("2024-01-17T10:29:55Z")),
        ("expire", json!("2024-01-17 10:29:55.000000")),
        ("exp", json!(1_705_487_395)),
    ] {
        let expired = refusal(&tokens, &by_secret(&with(name, value)));
        assert!(matches!(expired, TokenError::Expired), "{name}");
    }
    let leeway = by_secret(&with("exp", json!(1_705_487_396)));
    assert!(tokens.verify(&leeway, now()).is_ok());
    let unreadable = by_secret(&with("exp", json!("never")));
    assert!(matches!(refusal(&tokens, &unreadable), TokenError::Invalid));
    let early = by_secret(&with("nbf", json!(1_705_487_406)));
    assert!(matches!(refusal(&tokens, &early), TokenError::Invalid));
}

#[test]
fn issuer_and_audience_are_checked_when_configured() {
    let tokens = trusting(IssuerOptions {
        issuer: Some("voipbin".into()),
        audience: Some("talk".into()),
        ..secret_options()
    });
    for (iss, aud, is_valid) in [
        (json!("voipbin"), json!("talk"), true),
        (json!("voipbin"), json!(["mail", "talk"]), true),
        (json!("voipbin"), json!(["mail"]), false),
        (json!("voipbin"), json!(null), false),
        (json!("other"), json!("talk"), false),
        (json!(null), json!("talk"), false),
    ] {
        let mut claims = with("iss", iss);
        claims["aud"] = aud;
        assert_eq!(
            tokens.verify(&by_secret(&claims), now()).is_ok(),
            is_valid,
            "{claims}"
        );
    }
}

#[test]
fn a_token_without_usable_ids_is_refused() {
    let tokens = trusting(secret_options());
    for agent in [
        json!(null),
        json!({"id": agent_id(2).0}),
        json!({"id": 7, "customer_id": 8}),
    ] {
        let token = by_secret(&with("agent", agent));
        assert!(matches!(refusal(&tokens, &token), TokenError::Invalid));
    }
}

/// A revoked token must not return under another id.
#[test]
fn a_token_keeps_its_id_whatever_is_done_to_its_signature() {
    let keys = elliptic();
    let tokens = trusting(options(keys.algorithm, IssuerKey::Pem(keys.public)));
    let id = |claims: &Value| {
        let token = encode(&Header::new(Algorithm::ES256), claims, &keys.signing).unwrap();
        match tokens.verify(&token, now()).unwrap() {
            VerifiedToken::External { token, .. } => token,
            VerifiedToken::Local(_) => panic!("not ours"),
        }
    };
    // ECDSA signs the same claims differently each time.
    assert_eq!(id(&claims()), id(&claims()));
    assert_ne!(id(&claims()), id(&with("n", json!(1))));
    let jti = Uuid::from_u128(7);
    assert_eq!(id(&with("jti", json!(jti))).0, jti);
}

#[test]
fn a_key_that_does_not_fit_stops_the_start() {
    let keys = rsa();
    let private = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    let set = json!({"keys": [keys.jwk]}).to_string();
    let secret = || IssuerKey::Secret(SecretString::from(ISSUER_SECRET));
    for (algorithm, key) in [
        (PinnedAlgorithm::Es256, IssuerKey::Pem(keys.public.clone())),
        (PinnedAlgorithm::Es256, IssuerKey::Jwks(set)),
        (PinnedAlgorithm::Hs256, IssuerKey::Pem(keys.public)),
        (PinnedAlgorithm::Rs256, secret()),
        (PinnedAlgorithm::Rs256, IssuerKey::Pem(private.into())),
        (PinnedAlgorithm::Rs256, IssuerKey::Pem("no key".into())),
        (PinnedAlgorithm::Rs256, IssuerKey::Jwks("{}".into())),
        (PinnedAlgorithm::Hs256, IssuerKey::Secret("short".into())),
    ] {
        let refused = Issuer::new(options(algorithm, key));
        assert!(
            matches!(refused, Err(IdentityError::Key { .. })),
            "{algorithm}"
        );
    }
    let nameless = IssuerOptions {
        agent_claim: String::new(),
        ..secret_options()
    };
    assert!(matches!(
        Issuer::new(nameless),
        Err(IdentityError::ClaimPath(_))
    ));
}

#[test]
fn an_issuer_with_our_secret_stops_the_start() {
    let issuer = Issuer::new(secret_options()).unwrap();
    let refused = SignedTokens::new(&ISSUER_SECRET.into(), 60, Some(issuer));
    assert!(matches!(refused, Err(IdentityError::SharedSecret)));
}
