use super::*;
use actix_web::http::header::HeaderValue;
use actix_web::test::TestRequest;
use proptest::prelude::*;

const PROXY: &str = "127.0.0.1";
const STRANGER: &str = "198.51.100.9";

fn found(trusted: &str, peer: &str, headers: &[(&str, &str)]) -> String {
    let headers: Vec<_> = headers
        .iter()
        .map(|(name, value)| (*name, value.as_bytes()))
        .collect();
    found_in_bytes(trusted, peer, &headers)
}

fn found_in_bytes(trusted: &str, peer: &str, headers: &[(&str, &[u8])]) -> String {
    let addresses = Addresses::new(trusted.parse().unwrap());
    let mut request = TestRequest::default();
    for (name, value) in headers {
        request = request.append_header((*name, HeaderValue::from_bytes(value).unwrap()));
    }
    let request = request.peer_addr((peer.parse::<IpAddr>().unwrap(), 4_711).into());
    let request = request.to_srv_request();
    let address = addresses.note(&request);
    assert_eq!(ClientAddress::of(request.request()), address);
    address.to_string()
}

/// API-10: behind trusted proxies the address is the last untrusted one.
#[test]
fn a_trusted_proxy_names_its_client() {
    let trusted = "127.0.0.0/8, ::1, 10.0.0.0/8";
    for (header, value, address) in [
        ("x-forwarded-for", "203.0.113.7", "203.0.113.7"),
        ("x-forwarded-for", "1.1.1.1, 203.0.113.7", "203.0.113.7"),
        ("x-forwarded-for", "203.0.113.7, 10.1.2.3", "203.0.113.7"),
        ("x-forwarded-for", "203.0.113.7:5050", "203.0.113.7"),
        ("x-forwarded-for", "2001:db8::7", "2001:db8::7"),
        ("x-forwarded-for", "[2001:db8::7]:5050", "2001:db8::7"),
        ("x-forwarded-for", "::ffff:203.0.113.7", "203.0.113.7"),
        ("forwarded", "for=203.0.113.7", "203.0.113.7"),
        (
            "forwarded",
            "proto=https; For=\"203.0.113.7:80\"; by=x",
            "203.0.113.7",
        ),
        (
            "forwarded",
            "for=1.1.1.1, for=\"[2001:db8::7]:_http\"",
            "2001:db8::7",
        ),
        (
            "forwarded",
            "for=203.0.113.7, by=\"a,b\";for=10.1.2.3",
            "203.0.113.7",
        ),
        // All are trusted: the outermost one is the client.
        ("x-forwarded-for", "10.9.9.9, 10.1.2.3", "10.9.9.9"),
    ] {
        assert_eq!(
            found(trusted, PROXY, &[(header, value)]),
            address,
            "{value}"
        );
    }
    let lines = [
        ("x-forwarded-for", "203.0.113.7"),
        ("x-forwarded-for", "10.1.2.3"),
    ];
    assert_eq!(found(trusted, PROXY, &lines), "203.0.113.7");
}

#[test]
fn an_unreadable_header_leaves_the_nearest_good_address() {
    let trusted = "127.0.0.0/8, 10.0.0.0/8";
    for (header, value, address) in [
        ("x-forwarded-for", "", PROXY),
        ("x-forwarded-for", "unknown", PROXY),
        ("x-forwarded-for", "203.0.113.7, 300.1.1.1", PROXY),
        ("x-forwarded-for", "203.0.113.7, x, 10.1.2.3", "10.1.2.3"),
        ("forwarded", "for=_hidden", PROXY),
        ("forwarded", "by=203.0.113.7", PROXY),
        ("forwarded", "for=\"[2001:db8::7\"", PROXY),
        (
            "forwarded",
            "for=203.0.113.7, for=\", for=10.1.2.3",
            "10.1.2.3",
        ),
    ] {
        assert_eq!(
            found(trusted, PROXY, &[(header, value)]),
            address,
            "{value}"
        );
    }
}

/// API-10: such a header from elsewhere is ignored.
#[test]
fn a_stranger_does_not_choose_its_address() {
    for header in ["x-forwarded-for", "forwarded"] {
        let value = [(header, "for=203.0.113.7")];
        assert_eq!(found("127.0.0.0/8", STRANGER, &value), STRANGER);
        assert_eq!(found("", PROXY, &value), PROXY);
    }
}

/// A proxy that sets one of the headers passes on the other one as the client wrote it.
#[test]
fn of_two_headers_that_disagree_none_is_believed() {
    let both = |standard, common| [("forwarded", standard), ("x-forwarded-for", common)];
    let found = |headers: [(&str, &str); 2]| found("127.0.0.0/8", PROXY, &headers);
    assert_eq!(found(both("for=203.0.113.7", "203.0.113.7")), "203.0.113.7");
    assert_eq!(found(both("for=203.0.113.7", "198.51.100.9")), PROXY);
}

#[test]
fn loopback_without_a_header_is_itself_the_client() {
    assert_eq!(found("127.0.0.0/8", PROXY, &[]), PROXY);
    assert_eq!(found("::1", "::ffff:192.0.2.1", &[]), "192.0.2.1");
}

fn scheme(trusted: &str, peer: &str, headers: &[(&str, &str)]) -> Option<Scheme> {
    let mut request = TestRequest::default().peer_addr((peer.parse::<IpAddr>().unwrap(), 1).into());
    for (name, value) in headers {
        request = request.append_header((*name, *value));
    }
    Addresses::new(trusted.parse().unwrap()).scheme(&request.to_http_request())
}

/// Case 69.
#[test]
fn a_trusted_proxy_names_the_scheme_of_its_client() {
    let (http, https) = (Some(Scheme::Http), Some(Scheme::Https));
    for (value, named) in [
        ("https", https),
        (" HTTPS ", https),
        ("http", http),
        ("wss", https),
        ("ws", http),
        ("\"https\"", https),
        ("", None),
        ("ftp", None),
        ("https/1", None),
        ("https http", None),
        // The client sent the first one, the proxy appended the last one.
        ("http, https", https),
        ("https, http", http),
        ("https,", None),
        ("https, on", None),
    ] {
        let headers = [("x-forwarded-proto", value)];
        assert_eq!(scheme("127.0.0.1", PROXY, &headers), named, "{value}");
        let standard = format!("proto={}", value.replace(',', ",proto="));
        let by_standard = scheme("127.0.0.1", PROXY, &[("forwarded", &standard)]);
        assert_eq!(by_standard, named, "{standard}");
    }
    let lines = [
        ("x-forwarded-proto", "http"),
        ("x-forwarded-proto", "https"),
    ];
    assert_eq!(scheme("127.0.0.1", PROXY, &lines), https);
}

/// Case 69: of several trusted proxies the outermost one talks to the client.
#[test]
fn the_scheme_is_taken_from_the_same_entry_as_the_address_of_the_client() {
    let https = Some(Scheme::Https);
    let through_two = ("x-forwarded-for", "1.1.1.1, 203.0.113.7, 10.1.2.3");
    for proto in ["https, http", "http, https, http", "https"] {
        let headers = [through_two, ("x-forwarded-proto", proto)];
        assert_eq!(
            scheme("127.0.0.1, 10.0.0.0/8", PROXY, &headers),
            https,
            "{proto}"
        );
    }
    let standard = "for=1.1.1.1;proto=http, for=203.0.113.7;proto=https, for=10.1.2.3;proto=http";
    let headers = [("forwarded", standard)];
    assert_eq!(scheme("127.0.0.1, 10.0.0.0/8", PROXY, &headers), https);
}

/// Case 69.
#[test]
fn a_stranger_does_not_choose_the_scheme() {
    for header in [
        ("x-forwarded-proto", "https"),
        ("forwarded", "for=127.0.0.1;proto=https"),
    ] {
        assert_eq!(scheme("127.0.0.1", STRANGER, &[header]), None);
        assert_eq!(scheme("", PROXY, &[header]), None);
    }
    assert_eq!(scheme("127.0.0.1", PROXY, &[]), None);
}

#[test]
fn of_two_schemes_that_disagree_none_is_believed() {
    let both = |standard, common| {
        let headers = [("forwarded", standard), ("x-forwarded-proto", common)];
        scheme("127.0.0.1", PROXY, &headers)
    };
    assert_eq!(both("proto=https", "https"), Some(Scheme::Https));
    assert_eq!(both("proto=https", "http"), None);
    assert_eq!(both("for=203.0.113.7", "https"), Some(Scheme::Https));
}

/// API-10: a /64 counts as one address.
#[test]
fn addresses_of_one_network_count_as_one() {
    let network = |text: &str| ClientAddress::from(text.parse::<IpAddr>().unwrap()).network();
    assert_eq!(network("2001:db8:1:2:3:4:5:6"), network("2001:db8:1:2::9"));
    assert_ne!(network("2001:db8:1:2::9"), network("2001:db8:1:3::9"));
    assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
    assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
}

#[test]
fn what_is_no_network_is_refused_by_name() {
    for text in ["10.0.0.0/33", "proxy.example.com", "10.0.0.0/8;::1"] {
        let refused = text.parse::<TrustedProxies>().unwrap_err();
        assert!(refused.contains(text), "{refused}");
    }
}

proptest! {
    /// Only the address that the trusted proxy appends counts, for any header of the client.
    #[test]
    fn nothing_hides_what_the_proxy_appends(garbage in prop::collection::vec(32_u8..=255, 0..80)) {
        for (header, own) in [("x-forwarded-for", ""), ("forwarded", "for=")] {
            let mut value: Vec<_> = garbage.iter().copied().filter(|byte| *byte != 127).collect();
            value.extend_from_slice(format!(", {own}203.0.113.7").as_bytes());
            let found = found_in_bytes("127.0.0.0/8", PROXY, &[(header, &value)]);
            prop_assert_eq!(found, "203.0.113.7");
        }
    }

    /// Malformed headers yield one of the addresses in them, or the peer's.
    #[test]
    fn every_header_names_an_address_that_it_contains_or_the_peer(
        parts in prop::collection::vec(
            prop::sample::select(vec![
                "127.0.0.1", "203.0.113.7", "[::1]", "[", "]", ":8", ",", ";", "for=", "\"", "\\", "x",
            ]),
            0..12,
        ),
    ) {
        let value = parts.concat();
        for header in ["x-forwarded-for", "forwarded"] {
            let address = found("127.0.0.0/8, ::1", PROXY, &[(header, &value)]);
            prop_assert!([PROXY, "203.0.113.7", "::1"].contains(&&*address), "{} {}", value, address);
        }
    }
}
