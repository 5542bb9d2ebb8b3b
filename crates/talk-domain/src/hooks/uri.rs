//! The address of an endpoint.

use crate::kernel::error::Invalid;
use crate::kernel::text::check_text;

/// Maximum number of characters of an address.
pub const MAX_URI: usize = 2_048;

/// Checks the address of an endpoint or intercept: `https://host/…`, or `http://…` if that is
/// allowed, without username and fragment. The IP address of the host is not checked here but at
/// each connection, because it can change.
///
/// # Errors
/// Names the field `field`.
pub fn check_uri(field: &str, uri: &str, allows_http: bool) -> Result<(), Invalid> {
    check_text(field, uri, MAX_URI)?;
    let invalid = |message: &str| Err(Invalid::new(field, "WEBHOOK_URI_INVALID", message));
    let scheme = |scheme: &str| {
        let (head, rest) = uri.split_at_checked(scheme.len())?;
        head.eq_ignore_ascii_case(scheme).then_some(rest)
    };
    let rest = match (scheme("https://"), scheme("http://")) {
        (Some(rest), _) => rest,
        (None, Some(rest)) if allows_http => rest,
        (None, Some(_)) => return invalid("must begin with https://, http:// is not allowed here"),
        (None, None) => return invalid("must begin with https://"),
    };
    let is_invisible = |c: char| c.is_whitespace() || c.is_control() || c == '\\' || c == '#';
    if uri.chars().any(is_invisible) {
        return invalid("must have no spaces, control characters, backslashes and no fragment");
    }
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    if authority.contains('@') {
        return invalid("must have no username or password");
    }
    if authority.is_empty() || authority.starts_with(':') {
        return invalid("must have a host");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// HOOK-01.
    #[test]
    fn an_address_is_https_with_a_host_and_nothing_that_hides_it() {
        for uri in [
            "https://hooks.example.com",
            "HTTPS://hooks.example.com:8443/a?b=c",
            "https://[2001:db8::1]/x",
        ] {
            assert_eq!(check_uri("uri", uri, false), Ok(()), "{uri}");
        }
        for uri in [
            "",
            "hooks.example.com",
            "ftp://e.test/",
            "http://e.test/",
            "https://",
            "https:///x",
            "https://:443/",
            "https://user@e.test/",
            "https://user:secret@e.test/",
            "https://e.test@10.0.0.1/",
            "https://e.test/#fragment",
            "https://e.test/a b",
            "https://e.test\\@10.0.0.1/",
            "https://e.test/\r\nHost: x",
        ] {
            let refused = check_uri("uri", uri, false).unwrap_err();
            let said = (&*refused.field, refused.reason);
            assert_eq!(said, ("uri", "WEBHOOK_URI_INVALID"), "{uri:?}");
        }
    }

    /// HOOK-01: `http` is refused unless the operator allows it.
    #[test]
    fn plain_http_needs_the_permission_of_the_operator() {
        assert_eq!(check_uri("uri", "http://e.test/", true), Ok(()));
        assert!(check_uri("uri", "ftp://e.test/", true).is_err());
    }

    /// HOOK-01: the refusal names the limit.
    #[test]
    fn an_address_has_a_longest_length() {
        let uri = format!("https://e.test/{}", "x".repeat(MAX_URI - 15));
        assert_eq!(check_uri("uri", &uri, false), Ok(()));
        let refused = check_uri("uri", &format!("{uri}x"), false).unwrap_err();
        assert_eq!(refused.limit, Some(2_048));
    }
}
