//! The check that every text field passes.

use crate::kernel::error::Invalid;

/// Checks that `value` has at most `limit` characters and no U+0000.
///
/// # Errors
/// Names `field` and the limit.
pub fn check_text(field: &str, value: &str, limit: usize) -> Result<(), Invalid> {
    if value.chars().nth(limit).is_some() {
        return Err(Invalid::too_long(field, limit, "characters"));
    }
    if value.contains('\0') {
        return Err(Invalid::new(
            field,
            "NUL_CHARACTER",
            "must not contain U+0000",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_counts_characters_not_bytes() {
        assert_eq!(check_text("name", "글자둘", 3), Ok(()));
        assert_eq!(check_text("name", "abcd", 3).unwrap_err().limit, Some(3));
    }

    #[test]
    fn u_0000_is_refused() {
        assert_eq!(
            check_text("name", "a\0", 3).unwrap_err().reason,
            "NUL_CHARACTER"
        );
    }

    #[test]
    fn a_limit_is_the_number_that_is_still_allowed() {
        for (value, is_allowed) in [
            ("abc", true),
            ("abcd", false),
            ("글자둘", true),
            ("글자둘도", false),
        ] {
            assert_eq!(check_text("name", value, 3).is_ok(), is_allowed, "{value}");
        }
    }
}
