//! Reads ids and times from the claims of a token, and checks the token's times.

use serde_json::Value;
use talk_domain::identity::credentials::{TOKEN_LEEWAY_SECONDS, TokenError};
use talk_domain::kernel::time::Timestamp;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};
use uuid::Uuid;

/// Refuses a token that expired before `now`; tokens are accepted up to five seconds late.
pub(crate) fn check_expiry(expires: Timestamp, now: Timestamp) -> Result<(), TokenError> {
    if now < expires.plus_seconds(TOKEN_LEEWAY_SECONDS) {
        Ok(())
    } else {
        Err(TokenError::Expired)
    }
}

/// Refuses a token whose `not_before` lies more than five seconds after `now`.
pub(crate) fn check_start(not_before: Timestamp, now: Timestamp) -> Result<(), TokenError> {
    if not_before <= now.plus_seconds(TOKEN_LEEWAY_SECONDS) {
        Ok(())
    } else {
        Err(TokenError::Invalid)
    }
}

/// Returns the claim at `path`: a top-level name, or a dotted path through objects (`agent.id`).
pub(crate) fn find<'a>(claims: &'a Value, path: &str) -> Option<&'a Value> {
    claims.get(path).or_else(|| {
        path.split('.')
            .try_fold(claims, |value, name| value.get(name))
    })
}

/// The id at `path`.
pub(crate) fn id(claims: &Value, path: &str) -> Result<Uuid, TokenError> {
    let text = find(claims, path).and_then(Value::as_str);
    text.and_then(|text| Uuid::parse_str(text).ok())
        .ok_or(TokenError::Invalid)
}

/// Parses the time in a claim: seconds since 1970 (`exp`), RFC 3339, or VoIPBIN's `YYYY-MM-DD
/// HH:MM:SS.ffffff` in UTC.
pub(crate) fn instant(claim: &Value) -> Result<Timestamp, TokenError> {
    let instant = match claim {
        Value::Number(seconds) => match seconds.as_i64() {
            Some(seconds) => seconds.checked_mul(1_000_000),
            None => seconds.as_f64().and_then(micros),
        }
        .and_then(Timestamp::from_micros),
        Value::String(text) => parse(text).and_then(|at| Timestamp::try_from(at).ok()),
        _ => None,
    };
    instant.ok_or(TokenError::Invalid)
}

fn micros(seconds: f64) -> Option<i64> {
    let micros = seconds * 1e6;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "inside the years 0 to 9999, and below a microsecond does not matter"
    )]
    (micros.abs() < 1e18).then_some(micros as i64)
}

fn parse(text: &str) -> Option<OffsetDateTime> {
    let plain = format_description!(
        "[year]-[month]-[day] [hour]:[minute]:[second][optional [.[subsecond]]]"
    );
    OffsetDateTime::parse(text, &Rfc3339)
        .or_else(|_| PrimitiveDateTime::parse(text, &plain).map(PrimitiveDateTime::assume_utc))
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use talk_domain::testing::at;

    #[test]
    fn a_path_leads_through_objects_and_a_dotted_name_is_found_too() {
        let claims = json!({"agent": {"id": 1}, "https://example.com/agent": 2});
        assert_eq!(find(&claims, "agent.id"), Some(&json!(1)));
        assert_eq!(find(&claims, "https://example.com/agent"), Some(&json!(2)));
        assert_eq!(find(&claims, "agent.name"), None);
        assert_eq!(find(&claims, "agent.id.deeper"), None);
    }

    #[test]
    fn times_are_seconds_or_text() {
        let expected = at(1_705_487_400_500_000);
        for claim in [
            json!(1_705_487_400.5),
            json!("2024-01-17T10:30:00.5Z"),
            json!("2024-01-17T19:30:00.5+09:00"),
            json!("2024-01-17 10:30:00.500000"),
        ] {
            assert_eq!(instant(&claim).unwrap(), expected, "{claim}");
        }
        assert_eq!(
            instant(&json!(1_705_487_400)).unwrap(),
            at(1_705_487_400_000_000)
        );
        assert_eq!(
            instant(&json!("2024-01-17 10:30:00")).unwrap(),
            at(1_705_487_400_000_000)
        );
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for claim in [
            json!(null),
            json!(true),
            json!("tomorrow"),
            json!(""),
            json!(1e300),
            json!(i64::MAX),
            json!(u64::MAX),
            json!([1]),
        ] {
            assert!(instant(&claim).is_err(), "{claim}");
        }
    }

    /// AUTH-14: 5 s leeway, to the microsecond.
    #[test]
    fn the_leeway_ends_exactly_after_five_seconds() {
        let expires = at(100_000_000);
        for (now, is_valid) in [
            (99_999_999, true),
            (104_999_999, true),
            (105_000_000, false),
        ] {
            assert_eq!(check_expiry(expires, at(now)).is_ok(), is_valid, "{now}");
        }
        for (now, is_valid) in [(94_999_999, false), (95_000_000, true)] {
            assert_eq!(check_start(expires, at(now)).is_ok(), is_valid, "{now}");
        }
    }
}
