//! Sends one try of a delivery, and judges the answer.

use std::time::{Duration, UNIX_EPOCH};

use httpdate::parse_http_date;
use reqwest::StatusCode;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
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
            Ok(answered) => outcome(answered, now),
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
pub(super) fn beginning(answer: &[u8]) -> String {
    let text = String::from_utf8_lossy(answer.get(..ANSWER_BYTES).unwrap_or(answer));
    let mut text = text.replace('\0', "\u{fffd}");
    while text.len() > ANSWER_BYTES {
        text.pop();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;
    use talk_domain::testing::at;

    fn named(retry_after: &'static str, date: Option<&'static str>) -> Option<u32> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_static(retry_after));
        if let Some(date) = date {
            headers.insert(DATE, HeaderValue::from_static(date));
        }
        // 1970-01-01 00:01:00
        super::retry_after(&headers, at(60_000_000))
    }

    /// HOOK-06: a date counts from the date of the answer, or from the time of the try without one.
    #[test]
    fn retry_after_is_a_number_of_seconds_or_a_date() {
        const LATER: &str = "Thu, 01 Jan 1970 00:03:00 GMT";
        assert_eq!(named("120", None), Some(120));
        assert_eq!(named(" 7 ", None), Some(7));
        assert_eq!(named(LATER, None), Some(120));
        assert_eq!(
            named(LATER, Some("Thu, 01 Jan 1970 00:02:50 GMT")),
            Some(10)
        );
        assert_eq!(named(LATER, Some("nonsense")), Some(120));
        let passed = "Thu, 01 Jan 1970 00:00:00 GMT";
        assert_eq!(named(passed, None), Some(0));
        assert_eq!(named("Fri, 31 Dec 9999 23:59:59 GMT", None), Some(u32::MAX));
        for invalid in ["soon", "-1", "1.5", ""] {
            assert_eq!(named(invalid, None), None, "{invalid}");
        }
    }
}
