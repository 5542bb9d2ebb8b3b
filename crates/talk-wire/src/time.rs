//! Times as text: `YYYY-MM-DD HH:MM:SS.ffffff` in UTC; input also accepts RFC 3339.

use talk_domain::kernel::time::Timestamp;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

/// Not a time in either accepted form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a time like 2024-01-17 10:30:00.000000 in UTC, or RFC 3339")]
pub struct InvalidTime;

/// Bytes of a time as text.
const LENGTH: usize = "2024-01-17 10:30:00.000000".len();

/// The time as text, always with six digits of a second.
#[must_use]
pub fn format(at: Timestamp) -> String {
    let at = OffsetDateTime::from(at);
    let parts = [
        (at.year().unsigned_abs(), 4, "-"),
        (u8::from(at.month()).into(), 2, "-"),
        (at.day().into(), 2, " "),
        (at.hour().into(), 2, ":"),
        (at.minute().into(), 2, ":"),
        (at.second().into(), 2, "."),
        (at.microsecond(), 6, ""),
    ];
    // `format!` takes several times as long, and every message has at least two times.
    let mut text = String::with_capacity(LENGTH);
    for (number, digits, behind) in parts {
        for place in (0..digits).rev() {
            let digit = number / 10_u32.pow(place) % 10;
            text.extend(char::from_digit(digit, 10));
        }
        text.push_str(behind);
    }
    text
}

/// The time as text, or `""` when there is none.
#[must_use]
pub fn format_optional(at: Option<Timestamp>) -> String {
    at.map(format).unwrap_or_default()
}

/// Reads a time.
///
/// # Errors
/// If `text` is neither `YYYY-MM-DD HH:MM:SS.ffffff` nor RFC 3339.
pub fn parse(text: &str) -> Result<Timestamp, InvalidTime> {
    let own =
        format_description!("[year]-[month]-[day] [hour]:[minute]:[second].[subsecond digits:6]");
    let at = match PrimitiveDateTime::parse(text, own) {
        Ok(at) => at.assume_utc(),
        Err(_) => OffsetDateTime::parse(text, &Rfc3339).map_err(|_| InvalidTime)?,
    };
    Timestamp::try_from(at).map_err(|_| InvalidTime)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_converted_and_converted_back() {
        for (micros, text) in [
            (0, "1970-01-01 00:00:00.000000"),
            (1_705_487_400_000_001, "2024-01-17 10:30:00.000001"),
            (253_402_300_799_999_999, "9999-12-31 23:59:59.999999"),
            (-62_167_219_200_000_000, "0000-01-01 00:00:00.000000"),
        ] {
            let at = Timestamp::from_micros(micros).unwrap();
            assert_eq!(format(at), text);
            assert_eq!(parse(text), Ok(at));
        }
    }

    #[test]
    fn rfc_3339_is_read_in_any_offset() {
        let at = parse("2024-01-17T11:30:00.5+01:00").unwrap();
        assert_eq!(format(at), "2024-01-17 10:30:00.500000");
        assert_eq!(parse("2024-01-17T10:30:00.5Z"), Ok(at));
    }

    #[test]
    fn anything_else_is_no_time() {
        for bad in [
            "",
            "now",
            "2024-01-17",
            "2024-01-17 10:30:00",
            "2024-02-30 10:30:00.000000",
        ] {
            assert_eq!(parse(bad), Err(InvalidTime), "{bad}");
        }
        assert!(InvalidTime.to_string().contains("RFC 3339"));
    }

    #[test]
    fn no_time_is_the_empty_text() {
        assert_eq!(format_optional(None), "");
    }
}
