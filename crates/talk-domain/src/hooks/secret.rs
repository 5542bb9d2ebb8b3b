//! The secrets that sign requests of webhooks and intercepts. They are stored sealed.

use crate::kernel::error::Invalid;
use crate::kernel::secret::Sealed;
use crate::kernel::time::Timestamp;

/// Seconds that a replaced secret still signs beside the new one: a day.
pub const OVERLAP_SECONDS: u32 = 86_400;

/// The secrets of an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointSecrets {
    /// The secret.
    pub current: Sealed,
    /// The previous secret, with the time from which it no longer signs.
    pub previous: Option<(Sealed, Timestamp)>,
}

impl EndpointSecrets {
    /// The first secret of an endpoint.
    #[must_use]
    pub const fn first(current: Sealed) -> Self {
        Self {
            current,
            previous: None,
        }
    }

    /// Replaces the secret. The old one also signs for a day.
    #[must_use]
    pub fn rotated(self, new: Sealed, now: Timestamp) -> Self {
        Self {
            current: new,
            previous: Some((self.current, now.plus_seconds(OVERLAP_SECONDS))),
        }
    }

    /// The secrets that sign at `now`, the current one first.
    #[must_use]
    pub fn signing(&self, now: Timestamp) -> Vec<&Sealed> {
        let previous = self.previous.as_ref();
        let previous = previous.filter(|(_, until)| now < *until);
        let previous = previous.map(|(sealed, _)| sealed);
        std::iter::once(&self.current).chain(previous).collect()
    }
}

/// Checks the text of a secret that a customer chooses: 16 to 255 visible ASCII characters.
///
/// # Errors
/// Names the field `secret`.
pub fn check_secret(text: &str) -> Result<(), Invalid> {
    let is_visible = text.bytes().all(|byte| byte.is_ascii_graphic());
    if is_visible && (16..=255).contains(&text.len()) {
        return Ok(());
    }
    let message = "must be 16 to 255 visible ASCII characters";
    Err(Invalid {
        limit: Some(255),
        ..Invalid::new("secret", "INTERCEPT_SECRET_INVALID", message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::at;

    fn sealed(n: u8) -> Sealed {
        Sealed(vec![n])
    }

    /// HOOK-04: both secrets sign for 24 hours.
    #[test]
    fn a_replaced_secret_signs_for_a_day_beside_the_new_one() {
        let secrets = EndpointSecrets::first(sealed(1)).rotated(sealed(2), at(0));
        let end = i64::from(OVERLAP_SECONDS) * 1_000_000;
        assert_eq!(secrets.signing(at(end - 1)), [&sealed(2), &sealed(1)]);
        assert_eq!(secrets.signing(at(end)), [&sealed(2)]);
        let again = secrets.rotated(sealed(3), at(1));
        assert_eq!(again.signing(at(2)), [&sealed(3), &sealed(2)]);
    }

    /// INT-01.
    #[test]
    fn a_given_secret_is_neither_short_nor_invisible() {
        assert_eq!(check_secret(&"x".repeat(16)), Ok(()));
        assert_eq!(check_secret(&"x".repeat(255)), Ok(()));
        for text in [
            "",
            "x x",
            &"x".repeat(15),
            &"x".repeat(256),
            &"ä".repeat(20),
        ] {
            let refused = check_secret(text).unwrap_err();
            assert_eq!((&*refused.field, refused.limit), ("secret", Some(255)));
        }
    }
}
