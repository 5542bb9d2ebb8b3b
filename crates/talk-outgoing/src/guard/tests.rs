//! Tests of the guard.

use super::*;

fn strict() -> Guard {
    Guard::new(&[], &[], false).unwrap()
}

/// HOOK-13.
#[test]
fn addresses_outside_the_public_internet_are_refused() {
    for address in [
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "10.255.255.255",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.0.9",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.1.1.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::1",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ] {
        assert!(!strict().allows(address.parse().unwrap()), "{address}");
    }
    for address in [
        "93.184.216.34",
        "8.8.8.8",
        "172.32.0.1",
        "2606:4700::1111",
        "2a00::1",
    ] {
        assert!(strict().allows(address.parse().unwrap()), "{address}");
    }
}

/// HOOK-13.
#[test]
fn hostile_addresses_of_endpoints_are_refused() {
    for uri in [
        "http://example.com/",
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.1/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://0/",
        "https://[::1]/",
        "https://[::]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://[0:0:0:0:0:ffff:7f00:1]/",
        "https://[64:ff9b::127.0.0.1]/",
        "https://[2002:7f00:1::]/",
        "https://[fe80::1%25eth0]/",
        "https://[fe80::1%eth0]/",
        "https://１２７.０.０.１/",
        "https://127。0。0。1/",
        "https://user@example.com/",
        "https://example.com:22/",
        "https://example.com:8080/",
        "https://example.com:0/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "https:///",
        "https://",
        "",
        "//example.com",
    ] {
        assert_eq!(strict().check(uri), Err(Unreachable), "{uri}");
    }
    for uri in [
        "https://example.com/",
        "https://example.com:8443/a?b",
        "https://EXAMPLE.com.:443/",
        "https://93.184.216.34/",
    ] {
        assert!(strict().check(uri).is_ok(), "{uri}");
    }
}

/// HOOK-13: networks, ports and `http` that the operator allows.
#[test]
fn an_operator_allows_networks_ports_and_http() {
    let networks = ["127.0.0.0/8".to_owned(), "fd00::5".to_owned()];
    let guard = Guard::new(&networks, &[8_080], true).unwrap();
    assert!(guard.check("http://127.0.0.1:8080/").is_ok());
    assert!(guard.check("http://[::ffff:127.0.0.1]:8080/").is_ok());
    assert!(guard.check("http://[fd00::5]/").is_ok());
    assert!(guard.check("http://[fd00::6]/").is_err());
    assert!(guard.check("http://10.0.0.1:8080/").is_err());
    assert!(guard.check("http://127.0.0.1:8081/").is_err());
    let wrong = Guard::new(&["10.0.0.0/33".to_owned()], &[], false);
    assert_eq!(
        wrong.unwrap_err().to_string(),
        "`10.0.0.0/33` is not a network such as 10.1.0.0/16"
    );
}

/// Resolves a name to other addresses each time.
#[derive(Clone)]
struct Rebinding(std::sync::Arc<std::sync::Mutex<Vec<Vec<&'static str>>>>);

impl Lookup for Rebinding {
    async fn lookup(&self, _: String) -> std::io::Result<Vec<SocketAddr>> {
        let next = self.0.lock().unwrap().remove(0);
        let addresses = next
            .iter()
            .map(|address| SocketAddr::new(address.parse().unwrap(), 0));
        Ok(addresses.collect())
    }
}

/// HOOK-13: the connection goes to the address that was checked.
#[tokio::test]
async fn a_name_leads_to_checked_addresses_only_whatever_it_answers_later() {
    let answers = vec![
        vec!["8.8.8.8", "127.0.0.1"],
        vec!["127.0.0.1", "::1"],
        vec![],
    ];
    let guarded = Guarded {
        guard: strict(),
        resolver: Rebinding(std::sync::Arc::new(std::sync::Mutex::new(answers))),
    };
    let mut seen = Vec::new();
    for _ in 0..3 {
        let resolved = guarded.resolve("rebinding.test".parse().unwrap()).await;
        seen.push(resolved.map(|found| found.map(|one| one.ip().to_string()).collect::<Vec<_>>()));
    }
    assert_eq!(seen[0].as_ref().unwrap(), &["8.8.8.8"]);
    for refused in &seen[1..] {
        let error = refused.as_ref().unwrap_err();
        assert_eq!(error.to_string(), "the host cannot be reached from here");
    }
}
