//! Bytes that providers deliver.

use std::collections::BTreeSet;

use conversation_domain::gateway::HookRequest;
use conversation_domain::model::account::Account;
use conversation_domain::model::message::Delivery;
use conversation_domain::receipt::take::Happening;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::TestRunner;
use talk_domain::testing::at;

use super::{Signing, Subject, TOKEN, adapter_of, read};
use crate::verified::Verified;

fn is_verified(account: &Account, token: &str, request: &HookRequest) -> bool {
    adapter_of(account, token).verify(request).is_some()
}

/// The text with one bit flipped, for each bit; `None` in place of what is no text.
fn flipped(bytes: &[u8]) -> impl Iterator<Item = (usize, Vec<u8>)> {
    (0..bytes.len() * 8).map(|bit| {
        let mut flipped = bytes.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        (bit, flipped)
    })
}

/// CONV-36: each bit of the body and of the signature counts, and so does the secret.
pub(super) fn only_signed_requests_are_verified(subject: &Subject, signing: &Signing) {
    let account = subject.account("");
    let body = (subject.inbound.message)("m1", "Hi & bye");
    let request = (signing.sign)(&body);
    assert!(is_verified(&account, TOKEN, &request));
    for stranger in (signing.strangers)(&body) {
        let account = Account {
            provider: stranger.provider,
            ..account.clone()
        };
        let accepted = is_verified(&account, stranger.token, &stranger.request);
        assert!(!accepted, "{account:?}");
    }
    for name in signing.headers {
        let place = request.headers.iter().position(|(known, _)| known == name);
        let place = place.expect("the header is there");
        let mut without = request.clone();
        without.headers.remove(place);
        assert!(!is_verified(&account, TOKEN, &without), "without {name}");
        for (bit, value) in flipped(request.headers[place].1.as_bytes()) {
            let mut tampered = request.clone();
            // Other headers do not arrive: they are no text.
            if let Ok(value) = String::from_utf8(value) {
                tampered.headers[place].1 = value;
                assert!(!is_verified(&account, TOKEN, &tampered), "{name} {bit}");
            }
        }
    }
    for (bit, body) in flipped(&request.body) {
        let mut tampered = request.clone();
        tampered.body = body;
        let is_same = (signing.is_same)(&tampered.body, &request.body);
        let accepted = is_verified(&account, TOKEN, &tampered);
        assert!(!accepted || is_same, "body {bit}");
    }
}

/// CONV-36: a provider with a session sends no requests, so that any is a stranger's.
pub(super) fn no_request_is_verified(subject: &Subject) {
    let account = subject.account("");
    let request = HookRequest {
        url: "https://talk.test/".into(),
        headers: Vec::new(),
        body: (subject.inbound.message)("m1", "Hi"),
        now: at(0),
    };
    for token in ["", TOKEN] {
        assert!(!is_verified(&account, token, &request));
    }
}

/// CONV-35: a repetition has the identity of the request before, and another request has another one.
pub(super) fn a_request_has_one_identity(subject: &Subject, signing: &Signing) {
    let account = subject.account("");
    let adapter = adapter_of(&account, TOKEN);
    let steps = [Delivery::Sent, Delivery::Delivered, Delivery::Failed];
    let reports = steps.map(|step| (subject.inbound.report)("m1", step, ""));
    let mut bodies: Vec<_> = reports.into_iter().flatten().collect();
    bodies.extend(["m1", "m2"].map(|id| (subject.inbound.message)(id, "Hi")));
    let mut known = BTreeSet::new();
    for body in &bodies {
        let identity = || {
            let verified = adapter.verify(&(signing.sign)(body));
            adapter.event(&verified.expect("it is signed"))
        };
        assert_eq!(identity(), identity());
        known.insert(identity().expect("an identity"));
    }
    assert_eq!(known.len(), bodies.len(), "{known:?}");
}

/// CONV-35: a request that cannot be read is an error, not the end of the reader.
pub(super) fn any_bytes_are_read_without_a_panic(subject: &Subject) {
    let account = subject.account("");
    let adapter = adapter_of(&account, TOKEN);
    let report = (subject.inbound.report)("m1", Delivery::Failed, "no").expect("a failure");
    let bodies = [(subject.inbound.message)("m1", "Hi"), report];
    let changes = prop::collection::vec((any::<Index>(), any::<u8>()), 0..8);
    let mutated = (
        prop::sample::select(bodies.to_vec()),
        changes,
        any::<Index>(),
    );
    let mutated = mutated.prop_map(|(mut body, changes, end)| {
        for (place, byte) in changes {
            let place = place.index(body.len());
            body[place] = byte;
        }
        body.truncate(end.index(body.len() * 2));
        body
    });
    let any_bytes = prop::collection::vec(any::<u8>(), 0..256);
    let run = TestRunner::deterministic().run(&prop_oneof![4 => mutated, 1 => any_bytes], |body| {
        let verified = Verified::after_check(body);
        let _ = (adapter.event(&verified), adapter.parse(&verified));
        Ok(())
    });
    run.unwrap();
}

/// CONV-35.
pub(super) fn a_text_comes_in_whole(subject: &Subject) {
    let long: String = "0123456789".repeat(40);
    for text in [&*long, "\u{1F600} \u{e9}\u{301} &=%+\"\\\n", " a\0b "] {
        let says = read(subject, &(subject.inbound.message)("m1", text), "m1");
        let [Happening::Message(incoming)] = &says[..] else {
            panic!("{says:?}");
        };
        assert_eq!((&*incoming.text, &*incoming.event), (text, "m1"));
        let own = incoming.own.as_ref().expect("an own number");
        let numbers = (&*incoming.peer.target, &*own.target);
        assert_eq!(numbers, ("+15550199", "+15550100"));
        assert_eq!(incoming.account, subject.account("").id);
    }
}
