//! Our requests to providers, and the outcomes of their answers.

use conversation_domain::delivery::settle::Outcome;
use conversation_domain::testing::a_message;
use talk_outgoing::{Client, ClientSettings, Guard};

use super::receiver::{Provider, Reaction};
use super::{Sends, Subject, TOKEN, adapter_of};
use crate::adapter::Outbound;
use crate::http::Http;

/// Milliseconds for a request.
const TIMEOUT: u64 = 500;

fn http(port: u16) -> Http {
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
    let message = Outbound {
        medias: &[],
        id: a_message(1).id,
        from: "+15550100",
        to: "+15550199",
        text: "Hi & bye",
        key,
        hook_url: "https://talk.test/hook".to_owned(),
    };
    adapter_of(&account, TOKEN)
        .send(&http(port), &message)
        .await
}

async fn outcome(subject: &Subject, reaction: Reaction) -> Outcome {
    let provider = Provider::start(vec![reaction]);
    send_to(subject, provider.port, "key-1").await
}

/// Whether messages with the same key are sent once.
fn has_key(subject: &Subject) -> bool {
    (subject.provider)("").honours_keys()
}

/// CONV-32, CONV-37 and CONV-38.
pub(super) async fn an_answer_decides_the_outcome(subject: &Subject, answers: &Sends) {
    let (accepted, ids) = answers.accepted;
    for status in [200, 201, 202] {
        let outcome = outcome(subject, Reaction::Answers(status, accepted.into())).await;
        let ids = ids.iter().map(ToString::to_string).collect();
        assert_eq!(outcome, Outcome::Accepted(ids), "{status}");
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

/// CONV-32: the provider may have taken a message whose request it has read.
pub(super) async fn a_request_without_an_answer_is_unknown_without_a_key(subject: &Subject) {
    for reaction in [Reaction::Closes, Reaction::Waits] {
        let outcome = outcome(subject, reaction.clone()).await;
        match outcome {
            Outcome::Unknown(_) => assert!(!has_key(subject), "{reaction:?}"),
            Outcome::Transient(..) => assert!(has_key(subject), "{reaction:?}"),
            other => panic!("{reaction:?}: {other:?}"),
        }
    }
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let outcome = send_to(subject, closed, "key-1").await;
    assert!(matches!(outcome, Outcome::Transient(..)), "{outcome:?}");
}

/// CONV-30: neither the token nor the form in which a request carries it.
pub(super) async fn a_failure_does_not_repeat_the_token(subject: &Subject, answers: &Sends) {
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
pub(super) async fn the_key_is_sent_if_the_provider_honours_it(subject: &Subject, answers: &Sends) {
    let accepted = Reaction::Answers(200, answers.accepted.0.into());
    let provider = Provider::start(vec![accepted; 2]);
    for _ in 0..2 {
        send_to(subject, provider.port, "key-of-the-message").await;
        let request = provider.requests.recv().unwrap();
        assert_eq!(request.contains("key-of-the-message"), has_key(subject));
    }
}
