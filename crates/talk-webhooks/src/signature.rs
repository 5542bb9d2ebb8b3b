//! The headers by which a receiver verifies a request.

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::seal::signing_bytes;

/// The headers of a delivery with their values: those of Standard Webhooks, VoIPBIN's, and the type of
/// the body.
///
/// `secrets` are the texts of the secrets that sign, the current one first. VoIPBIN's header has one
/// signature only, with the current secret.
pub(crate) fn headers(
    secrets: &[String],
    (event, seconds): (&str, i64),
    body: &[u8],
) -> Vec<(&'static str, String)> {
    let signed = [
        event.as_bytes(),
        b".",
        seconds.to_string().as_bytes(),
        b".",
        body,
    ]
    .concat();
    let signatures = secrets.iter().map(|secret| {
        let key = Key::new(HMAC_SHA256, &signing_bytes(secret));
        format!("v1,{}", STANDARD.encode(sign(&key, &signed)))
    });
    let signatures: Vec<_> = signatures.collect();
    let mut headers = vec![
        ("webhook-id", event.to_owned()),
        ("webhook-timestamp", seconds.to_string()),
        ("webhook-signature", signatures.join(" ")),
    ];
    if let Some(current) = secrets.first() {
        let key = Key::new(HMAC_SHA256, current.as_bytes());
        let tag = sign(&key, body);
        let mut hex = String::from("sha256=");
        for byte in tag.as_ref() {
            hex.extend(
                [byte >> 4, byte & 15]
                    .map(|digit| char::from_digit(digit.into(), 16))
                    .into_iter()
                    .flatten(),
            );
        }
        headers.push(("x-voipbin-signature", hex));
    }
    headers.push(("content-type", "application/json".to_owned()));
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(secrets: &[&str]) -> Vec<(&'static str, String)> {
        let secrets: Vec<_> = secrets.iter().map(ToString::to_string).collect();
        let body = br#"{"test": 2432232314}"#;
        headers(
            &secrets,
            ("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330),
            body,
        )
    }

    /// HOOK-12: the example of the Standard Webhooks libraries.
    #[test]
    fn a_signature_is_that_of_the_standard() {
        let headers = signed(&["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]);
        let expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(headers[2], ("webhook-signature", expected.to_owned()));
        assert_eq!(headers[0].1, "msg_p5jXN8AQM9LWM0D4loKWxJek");
        assert_eq!(headers[1].1, "1614265330");
    }

    /// HOOK-04: both secrets sign; VoIPBIN's header is keyed with the text of the new one.
    #[test]
    fn two_secrets_make_two_signatures() {
        let (new, old) = ("whsec_AAAA", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let headers = signed(&[new, old]);
        let signatures: Vec<_> = headers[2].1.split(' ').collect();
        assert_eq!(signatures.len(), 2);
        assert_eq!(signatures[1], signed(&[old])[2].1);
        assert_eq!(headers[3], signed(&[new])[3]);
        assert_ne!(headers[3], signed(&[old])[3]);
        assert_eq!(headers[3].1.len(), "sha256=".len() + 64);
    }
}
