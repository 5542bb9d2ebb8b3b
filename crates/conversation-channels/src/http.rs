//! Requests to providers by HTTP, and what their answers mean for a message.

use std::time::Duration;

use conversation_domain::delivery::settle::Outcome;
use conversation_domain::gateway::Checked;
use serde_json::Value;
use talk_outgoing::header::RETRY_AFTER;
use talk_outgoing::{
    Answered, Client, Download, Exchange, ExchangeLimits, NoAnswer, Outgoing, StatusCode,
};

use crate::adapter::Opened;

/// Number of bytes of an answer after which reading stops.
const READ: usize = 65_536;

/// Sends requests to providers.
pub(crate) struct Http {
    client: Client,
}

/// The parts of a provider's answer that differ between providers.
pub(crate) trait Answers: Sync {
    /// Whether the request carries a key, so that a repetition is no second message.
    fn has_key(&self) -> bool;

    /// The ids of the parts of an accepted message.
    fn ids(&self, answer: &Value) -> Vec<String>;

    /// Code and reason of a refusal.
    fn refusal(&self, answer: &Value) -> Option<(String, String)>;

    /// Whether the code of a refusal says that the person outside wants no messages.
    fn is_opt_out(&self, code: &str) -> bool;
}

impl Http {
    pub(crate) const fn new(client: Client) -> Self {
        Self { client }
    }

    pub(crate) const fn client(&self) -> &Client {
        &self.client
    }

    async fn exchange(&self, outgoing: Outgoing<'_>) -> Exchange {
        let limits = ExchangeLimits {
            time: self.client.timeout(),
            bytes: READ,
        };
        self.client.exchange(outgoing, limits).await
    }

    /// Sends a request whose answer may be large.
    pub(crate) async fn download(
        &self,
        outgoing: Outgoing<'_>,
        time: Duration,
    ) -> Result<Download, NoAnswer> {
        self.client.download(outgoing, time).await
    }

    /// Sends a message, and judges the answer.
    pub(crate) async fn submit(
        &self,
        outgoing: Outgoing<'_>,
        opened: &Opened<'_>,
        answers: &dyn Answers,
    ) -> Outcome {
        let outcome = match self.exchange(outgoing).await.answered {
            Ok(answered) => judge(&answered, opened, answers),
            Err(none) if none.is_unsent => {
                Outcome::Transient(opened.failure("unreachable", &none.reason, false), None)
            }
            Err(none) => Outcome::Unknown(opened.failure("no_answer", &none.reason, false)),
        };
        match outcome {
            Outcome::Unknown(failure) if answers.has_key() => Outcome::Transient(failure, None),
            outcome => outcome,
        }
    }

    /// Asks whether an account works: it does if the answer is a success.
    pub(crate) async fn ask(
        &self,
        outgoing: Outgoing<'_>,
        opened: &Opened<'_>,
        answers: &dyn Answers,
    ) -> Checked {
        match self.exchange(outgoing).await.answered {
            Ok(answered) if answered.status.is_success() => Checked {
                is_ok: true,
                detail: String::new(),
            },
            Ok(answered) => {
                let (code, reason) = refusal(&answered, answers);
                Checked {
                    is_ok: false,
                    detail: opened.cleaned(&format!("{code}: {reason}")),
                }
            }
            Err(none) => Checked {
                is_ok: false,
                detail: opened.cleaned(&none.reason),
            },
        }
    }
}

/// A provider without keys against doubles: 429 and 503 mean that it has not taken the message, and after
/// another 5xx it may have.
fn judge(answered: &Answered, opened: &Opened<'_>, answers: &dyn Answers) -> Outcome {
    let status = answered.status;
    if status.is_success() {
        let answer = serde_json::from_slice(&answered.body).unwrap_or(Value::Null);
        return Outcome::Accepted(answers.ids(&answer));
    }
    let (code, reason) = refusal(answered, answers);
    let failure = |is_permanent| opened.failure(&code, &reason, is_permanent);
    match status {
        _ if answers.is_opt_out(&code) => Outcome::OptedOut(failure(true)),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            let after = answered.headers.get(RETRY_AFTER);
            let after = after.and_then(|value| value.to_str().ok()?.trim().parse().ok());
            Outcome::Transient(failure(false), after)
        }
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Outcome::Denied(failure(true)),
        status if status.is_server_error() => Outcome::Unknown(failure(false)),
        _ => Outcome::Permanent(failure(true)),
    }
}

fn refusal(answered: &Answered, answers: &dyn Answers) -> (String, String) {
    let answer = serde_json::from_slice(&answered.body).unwrap_or(Value::Null);
    let status = answered.status.as_u16();
    let unnamed = || {
        (
            status.to_string(),
            format!("the provider answered {status}"),
        )
    };
    answers.refusal(&answer).unwrap_or_else(unnamed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use conversation_domain::testing::an_sms_account;
    use serde_json::json;
    use talk_outgoing::HeaderMap;

    struct Plain;

    impl Answers for Plain {
        fn has_key(&self) -> bool {
            false
        }

        fn ids(&self, answer: &Value) -> Vec<String> {
            answer["id"]
                .as_str()
                .map(str::to_owned)
                .into_iter()
                .collect()
        }

        fn refusal(&self, answer: &Value) -> Option<(String, String)> {
            let reason = answer["reason"].as_str()?.to_owned();
            Some(("7".to_owned(), reason))
        }

        fn is_opt_out(&self, code: &str) -> bool {
            code == "409"
        }
    }

    fn judged(status: u16, body: &Value, retry_after: Option<&str>) -> Outcome {
        let account = an_sms_account();
        let opened = Opened::new(&account, "hidden".into());
        let mut headers = HeaderMap::new();
        if let Some(seconds) = retry_after {
            headers.insert(RETRY_AFTER, seconds.parse().unwrap());
        }
        let answered = Answered {
            status: StatusCode::from_u16(status).unwrap(),
            headers,
            body: body.to_string().into_bytes(),
            is_whole: true,
        };
        judge(&answered, &opened, &Plain)
    }

    /// CONV-32.
    #[test]
    fn only_what_was_surely_not_taken_is_tried_again() {
        let none = json!({});
        assert_eq!(
            judged(201, &json!({"id": "SM1"}), None),
            Outcome::Accepted(vec!["SM1".into()])
        );
        for status in [429, 503] {
            let outcome = judged(status, &none, Some("7"));
            assert!(
                matches!(outcome, Outcome::Transient(_, Some(7))),
                "{status}"
            );
            let outcome = judged(status, &none, Some("soon"));
            assert!(matches!(outcome, Outcome::Transient(_, None)), "{status}");
        }
        for status in [500, 502, 504] {
            assert!(matches!(judged(status, &none, None), Outcome::Unknown(_)));
        }
        for status in [302, 400, 404, 422] {
            assert!(matches!(judged(status, &none, None), Outcome::Permanent(_)));
        }
        assert!(matches!(judged(409, &none, None), Outcome::OptedOut(_)));
        for status in [401, 403] {
            assert!(matches!(judged(status, &none, None), Outcome::Denied(_)));
        }
    }

    /// CONV-30: an answer that repeats the token does not bring it into the database.
    #[test]
    fn the_words_of_a_provider_have_no_secret_of_the_account() {
        let body = json!({"reason": "hidden is wrong"});
        let Outcome::Denied(failure) = judged(401, &body, None) else {
            panic!("the account is refused");
        };
        assert_eq!((&*failure.code, &*failure.reason), ("7", "*** is wrong"));
    }
}
