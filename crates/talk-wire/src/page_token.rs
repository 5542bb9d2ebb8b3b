//! Page tokens: the time of the last row, and `~<id>` as a tie-breaker where rows can have the same
//! time.

use talk_domain::kernel::page::Cursor;
use uuid::Uuid;

use crate::{id, time};

/// Not a page token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be the next_page_token of an earlier answer, or a time")]
pub struct InvalidPageToken;

/// Encodes the token of the page after `cursor`.
#[must_use]
pub fn encode(cursor: &Cursor) -> String {
    let at = time::format(cursor.at);
    match cursor.id {
        Some(id) => format!("{at}~{id}"),
        None => at,
    }
}

/// Encodes the token of the next page; `""` after the last page.
#[must_use]
pub fn encode_next(next: Option<&Cursor>) -> String {
    next.map(encode).unwrap_or_default()
}

/// Parses a token or a bare time.
///
/// # Errors
/// For anything else.
pub fn parse(token: &str) -> Result<Cursor, InvalidPageToken> {
    let (at, tie) = match token.split_once('~') {
        Some((at, tie)) => (at, Some(tie)),
        None => (token, None),
    };
    let at = time::parse(at).map_err(|_| InvalidPageToken)?;
    let id: Option<Uuid> = tie
        .map(|tie| id::parse("page_token", tie).map_err(|_| InvalidPageToken))
        .transpose()?;
    Ok(Cursor { at, id })
}

#[cfg(test)]
mod tests {
    use super::*;
    use talk_domain::testing::at;

    #[test]
    fn a_token_survives_the_way_there_and_back() {
        for id in [None, Some(Uuid::from_u128(7))] {
            let cursor = Cursor {
                at: at(1_705_487_400_123_456),
                id,
            };
            let token = encode(&cursor);
            assert!(token.starts_with("2024-01-17 10:30:00.123456"), "{token}");
            assert_eq!(parse(&token), Ok(cursor));
        }
        assert_eq!(encode_next(None), "");
    }

    #[test]
    fn garbage_is_refused() {
        for bad in [
            "",
            "x",
            "~",
            "2024-01-17 10:30:00.123456~",
            "2024-01-17 10:30:00.123456~7",
        ] {
            assert_eq!(parse(bad), Err(InvalidPageToken), "{bad}");
        }
    }
}
