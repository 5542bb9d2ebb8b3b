//! Key pairs of an issuer, generated for each test.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};
use talk_identity::PinnedAlgorithm;

/// A key pair of the issuer: the private half for signing, the public half as this server is
/// configured with it.
pub(crate) struct Keys {
    pub(crate) algorithm: PinnedAlgorithm,
    pub(crate) header: Algorithm,
    pub(crate) signing: EncodingKey,
    pub(crate) public: String,
    pub(crate) jwk: Value,
}

fn pem(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    format!("-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n")
}

pub(crate) fn rsa() -> Keys {
    let pair = aws_lc_rs::rsa::KeyPair::generate(KeySize::Rsa2048).unwrap();
    let private: Pkcs8V1Der = pair.as_der().unwrap();
    let public: PublicKeyX509Der = pair.public_key().as_der().unwrap();
    // The PKCS #1 key sits behind the 26 bytes of a PKCS #8 header.
    let signing = EncodingKey::from_rsa_der(&private.as_ref()[26..]);
    let jwk = Jwk::from_encoding_key(&signing, Algorithm::RS256).unwrap();
    Keys {
        algorithm: PinnedAlgorithm::Rs256,
        header: Algorithm::RS256,
        public: pem(public.as_ref()),
        jwk: serde_json::to_value(jwk).unwrap(),
        signing,
    }
}

pub(crate) fn elliptic() -> Keys {
    let random = aws_lc_rs::rand::SystemRandom::new();
    let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let private = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, private.as_ref()).unwrap();
    let public: PublicKeyX509Der = pair.public_key().as_der().unwrap();
    let signing = EncodingKey::from_ec_der(private.as_ref());
    let jwk = Jwk::from_encoding_key(&signing, Algorithm::ES256).unwrap();
    Keys {
        algorithm: PinnedAlgorithm::Es256,
        header: Algorithm::ES256,
        public: pem(public.as_ref()),
        jwk: serde_json::to_value(jwk).unwrap(),
        signing,
    }
}

pub(crate) fn edwards() -> Keys {
    let random = aws_lc_rs::rand::SystemRandom::new();
    let private = Ed25519KeyPair::generate_pkcs8(&random).unwrap();
    let pair = Ed25519KeyPair::from_pkcs8(private.as_ref()).unwrap();
    let public: PublicKeyX509Der = pair.public_key().as_der().unwrap();
    let x = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
    Keys {
        algorithm: PinnedAlgorithm::EdDsa,
        header: Algorithm::EdDSA,
        signing: EncodingKey::from_ed_der(private.as_ref()),
        public: pem(public.as_ref()),
        jwk: json!({"kty": "OKP", "crv": "Ed25519", "x": x}),
    }
}
