//! Deliveries: one try of one event.

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use talk_domain::hooks::attempt::Outcome;
use talk_domain::hooks::delivery::{ANSWER_BYTES, Attempt};
use talk_domain::kernel::time::Timestamp;

use super::{Answered, Client, ExchangeLimits, Outgoing};

/// Maximum number of bytes that are read of an answer.
const READ: usize = 16_384;

impl Client {
    /// Sends a delivery and reads the beginning of its answer. `now` is the time of the try.
    pub(crate) async fn send(&self, outgoing: Outgoing<'_>, now: Timestamp) -> (Attempt, Outcome) {
        let limits = ExchangeLimits {
            time: self.timeout,
            bytes: READ,
        };
        let exchange = self.exchange(outgoing, limits).await;
        let latency_ms = exchange.latency_ms();
        let outcome = match &exchange.answered {
            Ok(answered) => outcome(answered),
            Err(_) => Outcome::Failed(None),
        };
        let http_status = exchange.answered.as_ref().ok();
        let http_status = http_status.map(|answered| answered.status.as_u16());
        let (error, answer) = match exchange.answered {
            Ok(answered) if outcome == Outcome::Accepted => {
                (String::new(), beginning(&answered.body))
            }
            Ok(answered) => {
                let status = answered.status.as_u16();
                (format!("answered {status}"), beginning(&answered.body))
            }
            Err(error) => (error, String::new()),
        };
        let attempt = Attempt {
            at: now,
            http_status,
            latency_ms,
            error,
            answer,
        };
        (attempt, outcome)
    }
}

fn outcome(answered: &Answered) -> Outcome {
    match answered.status {
        status if status.is_success() => Outcome::Accepted,
        StatusCode::GONE => Outcome::Gone,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            Outcome::Failed(retry_after(&answered.headers))
        }
        _ => Outcome::Failed(None),
    }
}

/// The seconds that an answer names. A date is not read: clocks differ.
fn retry_after(headers: &HeaderMap) -> Option<u32> {
    let value = headers.get(RETRY_AFTER)?;
    value.to_str().ok()?.trim().parse().ok()
}

/// The beginning of an answer as text without U+0000.
pub(super) fn beginning(answer: &[u8]) -> String {
    let text = String::from_utf8_lossy(answer.get(..ANSWER_BYTES).unwrap_or(answer));
    let mut text = text.replace('\0', "\u{fffd}");
    while text.len() > ANSWER_BYTES {
        text.pop();
    }
    text
}
