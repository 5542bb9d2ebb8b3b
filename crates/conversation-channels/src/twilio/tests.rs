use super::*;
use crate::conformance::{
    Answers as Said, Inbound, Sending, Signing, Stranger, Subject, TOKEN, conform,
};
use aws_lc_rs::hmac;
use conversation_domain::model::account::Account;
use conversation_domain::model::provider::Provider;
use conversation_domain::testing::{a_twilio, an_sms_account};
use serde_json::json;
use talk_domain::testing::at;

fn twilio<'a>(account: &'a Account, token: &str) -> Twilio<'a> {
    Twilio::new(Opened::new(account, token.into()), "AC1", "")
}

fn request(url: &str, signature: &str, body: &str) -> HookRequest {
    let headers = [
        (
            "content-type",
            "application/x-www-form-urlencoded; charset=utf-8",
        ),
        ("x-twilio-signature", signature),
    ];
    HookRequest {
        url: url.into(),
        headers: headers
            .map(|(name, value)| (name.into(), value.into()))
            .into(),
        body: body.as_bytes().to_vec(),
        now: at(0),
    }
}

/// The example of Twilio's libraries.
fn example() -> HookRequest {
    request(
        "https://mycompany.com/myapp.php?foo=1&bar=2",
        "RSOYDt4T1cUTdK1PDd93/VVr8B8=",
        "CallSid=CA1234567890ABCDE&Digits=1234&From=%2B14158675309&To=%2B18005551212&Caller=%2B14158675309",
    )
}

/// CONV-36: the example that Twilio's own libraries are tested with.
#[test]
fn a_signature_is_that_of_twilio() {
    let account = an_sms_account();
    let verified = twilio(&account, "12345").verify(&example());
    assert_eq!(verified.unwrap().bytes(), example().body);
    let with_port = HookRequest {
        url: example().url.replace(".com/", ".com:443/"),
        ..example()
    };
    assert!(twilio(&account, "12345").verify(&with_port).is_some());
}

/// CONV-36: the address counts, and a body that is no form is not read as one.
#[test]
fn a_request_to_another_address_is_refused() {
    let account = an_sms_account();
    let is_refused = |request| twilio(&account, "12345").verify(&request).is_none();
    for (from, to) in [
        ("foo=1", "foo=2"),
        ("https:", "http:"),
        (".com", ".com:444"),
    ] {
        let url = example().url.replace(from, to);
        assert!(is_refused(HookRequest { url, ..example() }), "{to}");
    }
    let mut json = example();
    json.headers[0].1 = "application/json".into();
    assert!(is_refused(json));
}

fn sign(body: &[u8]) -> HookRequest {
    sign_with(TOKEN, body)
}

/// Signs a form, as Twilio does.
fn sign_with(token: &str, body: &[u8]) -> HookRequest {
    let url = "https://talk.test/hook";
    let key = Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, token.as_bytes());
    let tag = hmac::sign(&key, &signed(url, &fields(body)));
    let body = std::str::from_utf8(body).unwrap();
    request(url, &STANDARD.encode(tag), body)
}

fn encoded(pairs: &[(&str, &str)]) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(pairs).finish()
}

/// CONV-30, CONV-32, CONV-33, CONV-35 to CONV-38.
#[tokio::test]
async fn twilio_conforms() {
    let provider = |base_url: &str| Provider::Twilio {
        account_sid: "AC1".into(),
        base_url: base_url.into(),
    };
    let signing = Signing {
        sign,
        headers: &["x-twilio-signature"],
        strangers: |body| {
            [("", ""), ("another token", TOKEN)].map(|(token, used)| Stranger {
                provider: a_twilio(),
                token,
                request: sign_with(used, body),
            })
        },
        // Both spellings of a hexadecimal digit are the same form.
        is_same: |one, other| fields(one) == fields(other),
    };
    let inbound = Inbound {
        message: |id, text| {
            encoded(&[
                ("MessageSid", id),
                ("SmsStatus", "received"),
                ("From", "+15550199"),
                ("To", "+15550100"),
                ("Body", text),
            ])
            .into_bytes()
        },
        report: |id, delivery, words| {
            let status = match delivery {
                Delivery::Accepted => "queued",
                Delivery::Sent => "sent",
                Delivery::Failed => "undelivered",
                Delivery::Delivered => "delivered",
                Delivery::Read => "read",
                _ => return None,
            };
            let form = encoded(&[
                ("MessageSid", id),
                ("MessageStatus", status),
                ("ErrorCode", "30003"),
                ("ErrorMessage", words),
            ]);
            Some(form.into_bytes())
        },
    };
    let answers = Said {
        accepted: r#"{"sid": "m1", "status": "queued"}"#,
        refusal: |words| json!({"code": 21211, "message": words}).to_string(),
        opt_out: r#"{"code": 21610, "message": "unsubscribed"}"#,
    };
    let subject = Subject {
        provider,
        inbound,
        signing: Some(signing),
        sending: Sending::Http(answers),
    };
    conform(&subject).await;
}

fn parsed(form: &str) -> Result<Vec<Happening>, String> {
    let verified = Verified::after_check(form.as_bytes().to_vec());
    twilio(&an_sms_account(), "12345").parse(&verified)
}

/// CONV-35 and CONV-38.
#[test]
fn a_message_is_read_with_the_kind_of_its_opt_out() {
    for (kind, consent) in [
        ("STOP", Some(Consent::Withdrawn)),
        ("START", Some(Consent::Given)),
        ("HELP", None),
        ("", None),
    ] {
        let says = parsed(&format!(
            "MessageSid=SM1&From=%2B1&To=%2B2&Body=ARRET&OptOutType={kind}"
        ));
        let [Happening::Message(incoming)] = &says.unwrap()[..] else {
            panic!("it is a message");
        };
        assert_eq!(incoming.consent, consent, "{kind}");
    }
    assert!(parsed("From=%2B1&To=%2B2").is_err());
    assert!(parsed("MessageSid=SM1&To=%2B2").is_err());
}

/// CONV-33 and CONV-36.
#[test]
fn a_report_is_read_with_our_id_from_the_signed_address() {
    let account = an_sms_account();
    let url = "https://talk.test/v1.0/conversation/accounts/1?message=00000000-0000-0000-0000-0000000f0001";
    let body = "MessageSid=SM1&MessageStatus=delivered&To=%2B15550100&From=%2B15550199";
    let signed = request(url, SIGNED, body);
    let verified = twilio(&account, "12345").verify(&signed).unwrap();
    assert_eq!(
        twilio(&account, "12345").event(&verified).as_deref(),
        Some("SM1:delivered")
    );
    let says = twilio(&account, "12345").parse(&verified).unwrap();
    let [Happening::Report(report)] = &says[..] else {
        panic!("{says:?}");
    };
    let ours = uuid::Uuid::from_u128(0xF_0001);
    assert_eq!(report.message, Some(ConversationMessageId(ours)));
    assert_eq!(report.delivery, Delivery::Delivered);
    for (status, delivery) in [
        ("queued", Some(Delivery::Accepted)),
        ("sent", Some(Delivery::Sent)),
        ("undelivered", Some(Delivery::Failed)),
        ("dreaming", None),
    ] {
        let form = format!("MessageSid=SM1&MessageStatus={status}&ErrorCode=30003");
        let read = match parsed(&form).unwrap().pop() {
            Some(Happening::Report(report)) => Some((report.delivery, report.failure)),
            _ => None,
        };
        let failure = (delivery == Some(Delivery::Failed)).then_some("30003");
        let found = read.as_ref().map(|(delivery, _)| *delivery);
        assert_eq!(found, delivery, "{status}");
        let code = read
            .and_then(|(_, failure)| failure)
            .map(|failure| failure.code);
        assert_eq!(code.as_deref(), failure, "{status}");
    }
}

/// The signature of the request with our id, computed by another program.
const SIGNED: &str = "eZEOJZhLx7FkGw90MnpHxO/0y0o=";
