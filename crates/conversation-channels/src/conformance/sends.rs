//! Our requests to providers, and the outcomes of their answers.

use conversation_domain::delivery::settle::Outcome;
use conversation_domain::testing::a_message;
use talk_outgoing::{Client, ClientSettings, Guard};

use super::receiver::{Provider, Reaction};
use super::{Act, Answers, Sending, Subject, TOKEN, adapter_of};
use crate::adapter::Outbound;
use crate::http::Http;

/// Milliseconds for a request.
const TIMEOUT: u64 = 500;

/// Requests to this port of loopback.
pub(crate) fn http(port: u16) -> Http {
    let settings = ClientSettings {
        user_agent: "Talk",
        timeout_ms: TIMEOUT,
        connect_timeout_ms: TIMEOUT,
        authorities: None,
    };
    let guard = Guard::new(&["127.0.0.0/8".to_owned()], &[port], true).unwrap();
    Http::new(Client::new(guard, &settings).unwrap())
}

/// Sends a message to a provider at this port.
async fn send_to(subject: &Subject, port: u16, key: &str) -> Outcome {
    let account = subject.account(&format!("http://127.0.0.1:{port}"));
    adapter_of(&account, TOKEN)
        .send(&http(port), &outbound(key))
        .await
}

/// A message from +15550100 to +15550199.
pub(crate) fn outbound(key: &str) -> Outbound<'_> {
    Outbound {
        medias: &[],
        id: a_message(1).id,
        from: "+15550100",
        to: "+15550199",
        text: "Hi & bye",
        key,
        hook_url: "https://talk.test/hook".to_owned(),
    }
}

async fn outcome(subject: &Subject, reaction: Reaction) -> Outcome {
    let provider = Provider::start(vec![reaction]);
    send_to(subject, provider.port, "key-1").await
}

/// Whether messages with the same key are sent once.
fn has_key(subject: &Subject) -> bool {
    (subject.provider)("").honours_keys()
}

/// The outcome of a message to a provider that does this.
async fn outcome_of(subject: &Subject, act: Act) -> Outcome {
    let answers = match &subject.sending {
        Sending::Session(send) => return send(act).await,
        Sending::Http(answers) => answers,
    };
    let refusal = (answers.refusal)("no");
    let reaction = match act {
        Act::Takes => Reaction::Answers(200, answers.accepted.into()),
        Act::Refuses => Reaction::Answers(400, refusal),
        Act::IsBusy => Reaction::Answers(503, refusal),
        Act::Denies => Reaction::Answers(401, refusal),
        Act::Closes => Reaction::Closes,
        Act::Waits => Reaction::Waits,
        Act::IsAway => return send_to(subject, closed_port(), "key-1").await,
    };
    outcome(subject, reaction).await
}

/// A port at which nobody listens.
pub(crate) fn closed_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// CONV-32 and CONV-37: the provider may have taken a message that it has read. Only a message with a key is
/// then tried again.
pub(super) async fn what_the_provider_does_decides_the_outcome(subject: &Subject) {
    let accepted = outcome_of(subject, Act::Takes).await;
    assert_eq!(accepted, Outcome::Accepted(vec!["m1".to_owned()]));
    for act in [
        Act::Refuses,
        Act::Denies,
        Act::IsBusy,
        Act::IsAway,
        Act::Closes,
        Act::Waits,
    ] {
        let outcome = outcome_of(subject, act).await;
        let is_right = match (act, &outcome) {
            (Act::Refuses, Outcome::Permanent(failure))
            | (Act::Denies, Outcome::Denied(failure)) => failure.is_permanent,
            (Act::IsBusy | Act::IsAway, Outcome::Transient(failure, _)) => !failure.is_permanent,
            (Act::Closes | Act::Waits, Outcome::Unknown(_)) => !has_key(subject),
            (Act::Closes | Act::Waits, Outcome::Transient(..)) => has_key(subject),
            _ => false,
        };
        assert!(is_right, "{act:?}: {outcome:?}");
        assert!(!format!("{outcome:?}").contains(TOKEN));
    }
}

/// CONV-32, CONV-37 and CONV-38.
pub(super) async fn a_status_decides_the_outcome(subject: &Subject, answers: &Answers) {
    for status in [200, 201, 202] {
        let outcome = outcome(subject, Reaction::Answers(status, answers.accepted.into())).await;
        assert_eq!(
            outcome,
            Outcome::Accepted(vec!["m1".to_owned()]),
            "{status}"
        );
    }
    let refusal = (answers.refusal)("no");
    for status in [302, 400, 401, 403, 404, 422, 429, 500, 502, 503, 504] {
        let outcome = outcome(subject, Reaction::Answers(status, refusal.clone())).await;
        let (is_right, failure) = match (status, &outcome) {
            (429 | 503, Outcome::Transient(failure, _)) => (!failure.is_permanent, failure),
            (500 | 502 | 504, Outcome::Unknown(failure)) => (!has_key(subject), failure),
            (500 | 502 | 504, Outcome::Transient(failure, _)) => (has_key(subject), failure),
            (401 | 403, Outcome::Denied(failure))
            | (302 | 400 | 404 | 422, Outcome::Permanent(failure)) => {
                (failure.is_permanent, failure)
            }
            other => panic!("{other:?}"),
        };
        assert!(is_right, "{status} {outcome:?}");
        assert!(failure.reason.contains("no"), "{failure:?}");
    }
    for status in [400, 403] {
        let reaction = Reaction::Answers(status, answers.opt_out.into());
        let outcome = outcome(subject, reaction).await;
        assert!(matches!(outcome, Outcome::OptedOut(_)), "{outcome:?}");
    }
    for body in ["", "<html>", "[]", "null", "{\"code\": {}}"] {
        let refused = outcome(subject, Reaction::Answers(400, body.into())).await;
        assert!(matches!(refused, Outcome::Permanent(_)), "{refused:?}");
        let accepted = outcome(subject, Reaction::Answers(200, body.into())).await;
        assert_eq!(accepted, Outcome::Accepted(Vec::new()), "{body}");
    }
}

/// CONV-30: neither the token nor the form in which a request carries it.
pub(super) async fn a_failure_does_not_repeat_the_token(subject: &Subject, answers: &Answers) {
    let refusal = answers.refusal;
    for status in [400, 401, 429, 500] {
        let provider = Provider::start(vec![Reaction::Echoes(status, refusal)]);
        let outcome = send_to(subject, provider.port, "key-1").await;
        let request = provider.requests.recv().unwrap();
        let mut lines = request.lines();
        let authorization = lines.find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            let is_it = name.eq_ignore_ascii_case("authorization");
            is_it.then(|| value.rsplit(' ').next().map(str::to_owned))?
        });
        let shown = format!("{outcome:?}");
        assert!(shown.contains("***"), "{shown}");
        for hidden in [TOKEN, &authorization.expect("an authorization")] {
            assert!(!shown.contains(hidden), "{shown}");
        }
    }
}

/// CONV-32: a provider that honours keys gets the same one at each try, and another one no key at all.
pub(super) async fn the_key_is_sent_if_the_provider_honours_it(
    subject: &Subject,
    answers: &Answers,
) {
    let accepted = Reaction::Answers(200, answers.accepted.into());
    let provider = Provider::start(vec![accepted; 2]);
    for _ in 0..2 {
        send_to(subject, provider.port, "key-of-the-message").await;
        let request = provider.requests.recv().unwrap();
        assert_eq!(request.contains("key-of-the-message"), has_key(subject));
    }
}
