use super::*;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use conversation_domain::model::account::Account;
use conversation_domain::testing::an_sms_account;
use talk_domain::testing::at;

const NOW: i64 = 1_700_000_000;

fn pair() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap()
}

fn telnyx<'a>(account: &'a Account, public_key: &'a str) -> Telnyx<'a> {
    Telnyx {
        opened: Opened {
            account,
            token: "hidden".into(),
        },
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

/// CONV-36.
#[test]
fn a_request_that_differs_by_a_bit_is_refused() {
    let (key, body) = (key(), r#"{"data":{"id":"1"}}"#);
    for bit in 0..body.len() * 8 {
        let mut tampered = signed(body, NOW);
        tampered.body[bit / 8] ^= 1 << (bit % 8);
        assert!(!is_verified(&key, &tampered), "body {bit}");
    }
    for header in 0..2 {
        for bit in 0..signed(body, NOW).headers[header].1.len() * 8 {
            let mut tampered = signed(body, NOW);
            let mut text = tampered.headers[header].1.clone().into_bytes();
            text[bit / 8] ^= 1 << (bit % 8);
            if let Ok(text) = String::from_utf8(text) {
                tampered.headers[header].1 = text;
                assert!(!is_verified(&key, &tampered), "header {header} {bit}");
            }
        }
    }
}

fn parsed(body: &Value) -> Result<Vec<Happening>, String> {
    let verified = Verified::after_check(body.to_string().into_bytes());
    telnyx(&an_sms_account(), "").parse(&verified)
}

/// CONV-35 and CONV-36.
#[test]
fn messages_and_reports_are_read_and_other_kinds_ignored() {
    let received = json!({"data": {"id": "e1", "event_type": "message.received", "payload": {
        "id": "m1", "from": {"phone_number": "+15550199"},
        "to": [{"phone_number": "+15550100"}], "text": "Hi",
    }}});
    let says = parsed(&received).unwrap();
    let [Happening::Message(incoming)] = &says[..] else {
        panic!("{says:?}");
    };
    assert_eq!((&*incoming.text, &*incoming.event), ("Hi", "m1"));
    assert_eq!(incoming.peer.target, "+15550199");
    let failed = json!({"data": {"id": "e2", "event_type": "message.finalized", "payload": {
        "id": "m2", "to": [{"status": "delivery_failed"}],
        "errors": [{"code": "40008", "title": "Undeliverable"}],
    }}});
    let says = parsed(&failed).unwrap();
    let [Happening::Report(report)] = &says[..] else {
        panic!("{says:?}");
    };
    assert_eq!((&*report.provider_id, report.message), ("m2", None));
    assert_eq!(report.delivery, Delivery::Failed);
    assert_eq!(report.failure.as_ref().unwrap().code, "40008");
    let other = json!({"data": {"id": "e3", "event_type": "call.initiated"}});
    assert_eq!(parsed(&other), Ok(vec![]));
    assert!(parsed(&json!({})).is_err());
    assert!(
        telnyx(&an_sms_account(), "")
            .parse(&Verified::after_check(b"x".to_vec()))
            .is_err()
    );
}

/// CONV-30: the words of a report are those of the provider, without the token.
#[test]
fn a_report_that_repeats_the_token_is_stored_without_it() {
    let failed = json!({"data": {"id": "e2", "event_type": "message.finalized", "payload": {
        "id": "m2", "to": [{"status": "delivery_failed"}],
        "errors": [{"code": "40008", "title": "no hidden", "detail": "hidden\0"}],
    }}});
    let says = parsed(&failed).unwrap();
    let [Happening::Report(report)] = &says[..] else {
        panic!("{says:?}");
    };
    let failure = report.failure.as_ref().unwrap();
    assert_eq!(failure.reason, "no ***: ***\u{FFFD}");
}
