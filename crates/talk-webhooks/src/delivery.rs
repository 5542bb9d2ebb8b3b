//! Sends one try of a delivery, and judges the answer.

use std::time::{Duration, UNIX_EPOCH};

use httpdate::parse_http_date;
use talk_domain::hooks::attempt::Outcome;
use talk_domain::hooks::delivery::{ANSWER_BYTES, Attempt};
use talk_domain::hooks::webhook;
use talk_domain::kernel::time::Timestamp;
use talk_outgoing::header::{DATE, RETRY_AFTER};
use talk_outgoing::{Answered, Client, ExchangeLimits, HeaderMap, Method, Outgoing, StatusCode};

/// Maximum number of bytes that are read of an answer.
const READ: usize = 16_384;

/// Returns the method of a webhook, as requests name it.
pub(crate) fn method(method: webhook::Method) -> Method {
    match method {
        webhook::Method::Post => Method::POST,
        webhook::Method::Put => Method::PUT,
        webhook::Method::Get => Method::GET,
        webhook::Method::Delete => Method::DELETE,
    }
}

/// Sends a delivery and reads the beginning of its answer. `now` is the time of the try.
pub(crate) async fn send(
    client: &Client,
    outgoing: Outgoing<'_>,
    now: Timestamp,
) -> (Attempt, Outcome) {
    let limits = ExchangeLimits {
        time: client.timeout(),
        bytes: READ,
    };
    let exchange = client.exchange(outgoing, limits).await;
    let latency_ms = exchange.latency_ms();
    let outcome = match &exchange.answered {
        Ok(answered) => outcome(answered, now),
        Err(_) => Outcome::Failed(None),
    };
    let http_status = exchange.answered.as_ref().ok();
    let http_status = http_status.map(|answered| answered.status.as_u16());
    let (error, answer) = match exchange.answered {
        Ok(answered) if outcome == Outcome::Accepted => (String::new(), beginning(&answered.body)),
        Ok(answered) => {
            let status = answered.status.as_u16();
            (format!("answered {status}"), beginning(&answered.body))
        }
        Err(none) => (none.reason, String::new()),
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

fn outcome(answered: &Answered, now: Timestamp) -> Outcome {
    match answered.status {
        status if status.is_success() => Outcome::Accepted,
        StatusCode::GONE => Outcome::Gone,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            Outcome::Failed(retry_after(&answered.headers, now))
        }
        _ => Outcome::Failed(None),
    }
}

/// Returns the seconds that the header `Retry-After` names, as a number or as a date. A date is
/// compared with the answer's own `Date`, so that the clocks of both sides may differ.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<u32> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(seconds);
    }
    let until = parse_http_date(value).ok()?;
    let dated = headers.get(DATE).and_then(|date| date.to_str().ok());
    let since = match dated.and_then(|date| parse_http_date(date).ok()) {
        Some(date) => date,
        None => UNIX_EPOCH + Duration::from_micros(u64::try_from(now.as_micros()).ok()?),
    };
    let seconds = until.duration_since(since).unwrap_or_default().as_secs();
    Some(u32::try_from(seconds).unwrap_or(u32::MAX))
}

/// Returns the beginning of an answer as text without U+0000, at most [`ANSWER_BYTES`] long.
fn beginning(answer: &[u8]) -> String {
    let text = String::from_utf8_lossy(answer.get(..ANSWER_BYTES).unwrap_or(answer));
    let mut text = text.replace('\0', "\u{fffd}");
    while text.len() > ANSWER_BYTES {
        text.pop();
    }
    text
}

#[cfg(test)]
mod tests;
