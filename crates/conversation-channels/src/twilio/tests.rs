use super::*;
use conversation_domain::model::account::Account;
use conversation_domain::testing::an_sms_account;
use talk_domain::testing::at;

fn twilio<'a>(account: &'a Account, token: &str) -> Twilio<'a> {
    Twilio {
        opened: Opened {
            account,
            token: token.into(),
        },
        account_sid: "AC1",
        base_url: "",
    }
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

/// CONV-36: each bit of the signature, of the form and of the address counts, and so does the secret.
#[test]
fn a_request_that_differs_by_a_bit_is_refused() {
    let account = an_sms_account();
    let is_refused =
        |token: &str, request: &HookRequest| twilio(&account, token).verify(request).is_none();
    for token in ["", "12346", "1234"] {
        assert!(is_refused(token, &example()), "{token:?}");
    }
    let signature = example().header("x-twilio-signature").to_owned();
    for bit in 0..signature.len() * 8 {
        let mut flipped = signature.clone().into_bytes();
        flipped[bit / 8] ^= 1 << (bit % 8);
        if let Ok(flipped) = String::from_utf8(flipped) {
            let body = String::from_utf8(example().body).unwrap();
            assert!(
                is_refused("12345", &request(&example().url, &flipped, &body)),
                "{bit}"
            );
        }
    }
    for bit in 0..example().body.len() * 8 {
        let mut tampered = example();
        tampered.body[bit / 8] ^= 1 << (bit % 8);
        // Both spellings of a hexadecimal digit are the same form.
        if fields(&tampered.body) != fields(&example().body) {
            assert!(is_refused("12345", &tampered), "{bit}");
        }
    }
    let elsewhere = HookRequest {
        url: example().url.replace("foo=1", "foo=2"),
        ..example()
    };
    assert!(is_refused("12345", &elsewhere));
    let mut json = example();
    json.headers[0].1 = "application/json".into();
    assert!(is_refused("12345", &json));
}

fn parsed(form: &str) -> Result<Vec<Happening>, String> {
    let verified = Verified::after_check(form.as_bytes().to_vec());
    twilio(&an_sms_account(), "12345").parse(&verified)
}

/// CONV-35 and CONV-36.
#[test]
fn a_message_is_read_with_its_numbers() {
    let form = "MessageSid=SM1&SmsStatus=received&From=%2B15550199&To=%2B15550100&Body=Hi+%F0%9F%98%80&NumMedia=0";
    let says = parsed(form).unwrap();
    let [Happening::Message(incoming)] = &says[..] else {
        panic!("{says:?}");
    };
    assert_eq!((&*incoming.text, &*incoming.event), ("Hi \u{1F600}", "SM1"));
    assert_eq!(incoming.peer.target, "+15550199");
    assert_eq!(incoming.own.as_ref().unwrap().target, "+15550100");
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

/// CONV-30: the words of a report are those of the provider, without the token.
#[test]
fn a_report_that_repeats_the_token_is_stored_without_it() {
    let form = "MessageSid=SM1&MessageStatus=failed&ErrorCode=12345&ErrorMessage=no+12345%00";
    let says = parsed(form).unwrap();
    let [Happening::Report(report)] = &says[..] else {
        panic!("{says:?}");
    };
    let failure = report.failure.as_ref().unwrap();
    assert_eq!(
        (&*failure.code, &*failure.reason),
        ("***", "no ***\u{FFFD}")
    );
}
