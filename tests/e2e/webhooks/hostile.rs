//! Addresses that lead into the operator's own networks.

use std::collections::BTreeSet;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use talk_testkit::harness::Server;

use super::{KEY, WEBHOOKS, deliveries, of};

/// Spellings of hosts that are not of the public internet.
const HOSTS: [&str; 30] = [
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "017700000001",
    "0",
    "0.0.0.0",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:127.0.0.1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "[fe80::1%25lo]",
    "[fe80::1]",
    "127.0.0.2",
    "127.255.255.254",
    "１２７.０.０.１",
    "169.254.169.254",
    "10.0.0.1",
    "192.168.0.1",
    "%31%32%37.0.0.1",
];

/// Addresses that are not of the public internet, one of each kind.
const ADDRESSES: [[u8; 4]; 15] = [
    [0, 0, 0, 0],
    [10, 0, 0, 1],
    [100, 64, 0, 1],
    [127, 0, 0, 1],
    [127, 0, 0, 2],
    [127, 255, 255, 254],
    [169, 254, 169, 254],
    [172, 16, 0, 1],
    [172, 31, 255, 255],
    [192, 0, 0, 1],
    [192, 168, 1, 1],
    [198, 18, 0, 1],
    [203, 0, 113, 1],
    [224, 0, 0, 1],
    [255, 255, 255, 255],
];

/// The spellings of an IPv4 address: as numbers, mapped, compatible, and through NAT64 and 6to4.
fn spellings([a, b, c, d]: [u8; 4]) -> [String; 8] {
    let number = u32::from_be_bytes([a, b, c, d]);
    let (high, low) = (number >> 16, number & 0xffff);
    [
        format!("{a}.{b}.{c}.{d}"),
        format!("{number}"),
        format!("0x{number:08X}"),
        format!("0{a:o}.0{b:o}.0{c:o}.0{d:o}"),
        format!("[::ffff:{a}.{b}.{c}.{d}]"),
        format!("[::{high:x}:{low:x}]"),
        format!("[64:ff9b::{high:x}:{low:x}]"),
        format!("[2002:{high:x}:{low:x}::1]"),
    ]
}

/// Listens at every address of this machine, and counts connections. Without IPv6, at those of IPv4.
fn everywhere() -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("[::]:0").or_else(|_| TcpListener::bind("0.0.0.0:0"));
    let listener = listener.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let count = Arc::<AtomicUsize>::default();
    let counted = Arc::clone(&count);
    std::thread::spawn(move || {
        for _ in listener.incoming() {
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    (port, count)
}

/// HOOK-13: nothing is connected, and the refusals are alike.
#[tokio::test(flavor = "multi_thread")]
async fn hostile_addresses_are_not_connected_to() {
    let (port, count) = everywhere();
    let server = Server::start_with(&[
        ("TALK_SECRETS_KEY", KEY),
        ("TALK_WEBHOOK_ALLOW_HTTP", "true"),
        ("TALK_WEBHOOK_ALLOW_PORTS", &port.to_string()),
        ("TALK_WEBHOOK_SCHEDULE", ""),
        ("TALK_MAX_WEBHOOKS", "200"),
    ])
    .await;
    let admin = server.admin().await;
    let mut hosts: BTreeSet<String> = HOSTS.map(str::to_owned).into();
    hosts.extend(ADDRESSES.into_iter().flat_map(spellings));
    assert!(hosts.len() >= 120, "{}", hosts.len());
    let mut made = Vec::new();
    for host in hosts {
        let body = json!({"uri": format!("http://{host}:{port}/")});
        let webhook = admin.post(WEBHOOKS, body).await.ok();
        admin.post(&of(&webhook, "/test"), json!({})).await.ok();
        made.push(webhook);
    }
    let mut seen = BTreeSet::new();
    for webhook in &made {
        let dead = deliveries(&admin, webhook, ("dead", 1)).await;
        let attempt = &dead[0]["attempts"][0];
        seen.insert((
            attempt["error"].to_string(),
            attempt["latency_ms"].to_string(),
        ));
    }
    let alike = (
        "\"the host cannot be reached from here\"".to_owned(),
        "0".to_owned(),
    );
    assert_eq!(seen, [alike].into());
    assert_eq!(count.load(Ordering::SeqCst), 0);
    TcpStream::connect(("127.0.0.2", port)).expect("a connection that counts");
    while count.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
}
