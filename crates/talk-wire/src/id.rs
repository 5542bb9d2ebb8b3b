//! Ids as text: hyphenated UUIDs, read in any case, written in lower case.

use talk_domain::kernel::error::Invalid;
use uuid::Uuid;

/// Bytes of a hyphenated UUID; the other spellings of a UUID have other lengths.
const HYPHENATED: usize = 36;

/// Reads the id given in `field`.
///
/// # Errors
/// `INVALID_ID` naming `field` for anything but a hyphenated UUID.
pub fn parse<T: From<Uuid>>(field: &str, text: &str) -> Result<T, Invalid> {
    let id = if text.len() == HYPHENATED {
        Uuid::try_parse(text).ok()
    } else {
        None
    };
    id.map(T::from)
        .ok_or_else(|| Invalid::new(field, "INVALID_ID", "must be a hyphenated UUID"))
}

/// Reads an id that may be absent, null or empty.
///
/// # Errors
/// `INVALID_ID` naming `field` for any other text that is no id.
pub fn parse_optional<T: From<Uuid>>(
    field: &str,
    text: Option<&str>,
) -> Result<Option<T>, Invalid> {
    text.filter(|text| !text.is_empty())
        .map(|text| parse(field, text))
        .transpose()
}

/// Reads an id that must be there.
///
/// # Errors
/// `INVALID_ID` naming `field` if it is absent or no id.
pub fn parse_required<T: From<Uuid>>(field: &str, text: Option<&str>) -> Result<T, Invalid> {
    parse(field, text.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_hyphenated_spelling_in_any_case_is_an_id() {
        let text = "E8B2E976-F043-44C8-BB89-E214E225E813";
        let id: Uuid = parse("id", text).unwrap();
        assert_eq!(id.to_string(), text.to_lowercase());
        for bad in [
            "",
            "1",
            "e8b2e976f04344c8bb89e214e225e813",
            "{e8b2e976-f043-44c8-bb89-e214e225e813}",
            "urn:uuid:e8b2e976-f043-44c8-bb89-e214e225e813",
            "e8b2e976-f043-44c8-bb89-e214e225e81g",
            "e8b2e976-f043-44c8-bb89-e214e225e81é",
        ] {
            let refused = parse::<Uuid>("chat_id", bad).unwrap_err();
            assert_eq!((refused.reason, &*refused.field), ("INVALID_ID", "chat_id"));
        }
    }

    #[test]
    fn null_and_empty_are_no_id_but_malformed_is_an_error() {
        assert_eq!(parse_optional::<Uuid>("parent_id", None), Ok(None));
        assert_eq!(parse_optional::<Uuid>("parent_id", Some("")), Ok(None));
        assert!(parse_optional::<Uuid>("parent_id", Some("nope")).is_err());
    }
}
