use super::*;
use crate::conformance::{
    Answers as Said, Inbound, Sending, Signing, Stranger, Subject, TOKEN, conform,
};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use conversation_domain::model::account::Account;
use conversation_domain::model::provider::Provider;
use conversation_domain::testing::an_sms_account;
use talk_domain::testing::at;

const NOW: i64 = 1_700_000_000;

fn pair() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap()
}

fn telnyx<'a>(account: &'a Account, public_key: &'a str) -> Telnyx<'a> {
    Telnyx {
        opened: Opened::new(account, TOKEN.into()),
        public_key,
        base_url: "",
    }
}

fn key() -> String {
    STANDARD.encode(pair().public_key().as_ref())
}

fn signed(body: &str, time: i64) -> HookRequest {
    let text = format!("{time}|{body}");
    let signature = STANDARD.encode(pair().sign(text.as_bytes()));
    HookRequest {
        url: "https://talk.test/".into(),
        headers: vec![
            ("telnyx-timestamp".into(), time.to_string()),
            ("telnyx-signature-ed25519".into(), signature),
        ],
        body: body.as_bytes().to_vec(),
        now: at(NOW * 1_000_000),
    }
}

fn is_verified(public_key: &str, request: &HookRequest) -> bool {
    telnyx(&an_sms_account(), public_key)
        .verify(request)
        .is_some()
}

/// CONV-36: time and body are signed, and an old time is refused.
#[test]
fn a_request_is_verified_by_its_time_and_its_body() {
    let key = key();
    for (time, is_fresh) in [
        (NOW, true),
        (NOW - 300, true),
        (NOW + 300, true),
        (NOW - 301, false),
        (NOW + 301, false),
    ] {
        assert_eq!(is_verified(&key, &signed("{}", time)), is_fresh, "{time}");
    }
    for wrong in ["", "no base64!", "AAAA", &STANDARD.encode([0; 32])] {
        assert!(!is_verified(wrong, &signed("{}", NOW)), "{wrong}");
    }
}

/// CONV-30, CONV-32, CONV-33, CONV-35 to CONV-38.
#[tokio::test]
async fn telnyx_conforms() {
    let provider = |base_url: &str| Provider::Telnyx {
        public_key: key(),
        base_url: base_url.into(),
    };
    let signing = Signing {
        sign: |body| signed(std::str::from_utf8(body).unwrap(), NOW),
        headers: &["telnyx-timestamp", "telnyx-signature-ed25519"],
        strangers: |body| {
            let other = Ed25519KeyPair::from_seed_unchecked(&[8; 32]).unwrap();
            let other = STANDARD.encode(other.public_key().as_ref());
            [String::new(), other].map(|public_key| {
                let provider = Provider::Telnyx {
                    public_key,
                    base_url: String::new(),
                };
                Stranger {
                    provider,
                    token: TOKEN,
                    request: signed(std::str::from_utf8(body).unwrap(), NOW),
                }
            })
        },
        is_same: |one, other| one == other,
    };
    let inbound = Inbound {
        message: |id, text| {
            let payload = json!({
                "id": id, "text": text, "from": {"phone_number": "+15550199"},
                "to": [{"phone_number": "+15550100"}],
            });
            event(id, "message.received", &payload).into_bytes()
        },
        report: |id, delivery, words| {
            let status = match delivery {
                Delivery::Accepted => "queued",
                Delivery::Sent => "sent",
                Delivery::Failed => "delivery_failed",
                Delivery::Delivered => "delivered",
                _ => return None,
            };
            let mut payload = json!({"id": id, "to": [{"status": status}]});
            if delivery == Delivery::Failed {
                payload["errors"] = json!([{"code": "40008", "title": "Failed", "detail": words}]);
            }
            Some(event(status, "message.finalized", &payload).into_bytes())
        },
    };
    let answers = Said {
        accepted: r#"{"data": {"id": "m1"}}"#,
        refusal: |words| json!({"errors": [{"code": "40310", "title": words}]}).to_string(),
        opt_out: r#"{"errors": [{"code": "40300", "title": "Blocked due to STOP message"}]}"#,
    };
    let subject = Subject {
        provider,
        inbound,
        signing: Some(signing),
        sending: Sending::Http(answers),
    };
    conform(&subject).await;
}

fn event(id: &str, kind: &str, payload: &Value) -> String {
    json!({"data": {"id": id, "event_type": kind, "payload": payload}}).to_string()
}

fn parsed(body: &Value) -> Result<Vec<Happening>, String> {
    let verified = Verified::after_check(body.to_string().into_bytes());
    telnyx(&an_sms_account(), "").parse(&verified)
}

/// CONV-35.
#[test]
fn other_kinds_are_ignored_and_what_is_incomplete_is_an_error() {
    let kind =
        |kind: &str| json!({"data": {"id": "e", "event_type": kind, "payload": {"id": "m"}}});
    assert_eq!(parsed(&kind("call.initiated")), Ok(vec![]));
    for incomplete in [
        kind("message.received"),
        kind("message.finalized"),
        json!({}),
    ] {
        assert!(parsed(&incomplete).is_err(), "{incomplete}");
    }
    let unnamed = json!({"data": {"event_type": "message.finalized", "payload": {
        "id": "m2", "to": [{"status": "expired"}],
    }}});
    let says = parsed(&unnamed).unwrap();
    let [Happening::Report(report)] = &says[..] else {
        panic!("{says:?}");
    };
    assert_eq!(report.failure.as_ref().unwrap().code, "expired");
}
