//! Authentication of sockets, and their end with the session.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::handshake::client::Request;

use super::{all_of, id};
use talk_testkit::harness::server::PASSWORD;
use talk_testkit::harness::socket::handshake;
use talk_testkit::harness::{Answer, Client, Server, Socket};

const ME: &str = "/v1.0/service_agents/me";
const KEYS: &str = "/v1.0/accesskeys";

/// How long a socket may outlive its session: a second, and what a busy machine takes. Nothing else
/// would end it for hours.
const SOON: Duration = Duration::from_secs(20);

/// A handshake that shows nothing but what is in `query`.
fn bare(server: &Server, query: &str) -> Request {
    let url = server.url.replacen("http", "ws", 1);
    let url = format!("{url}/v1.0/ws{query}");
    url.into_client_request().expect("a handshake")
}

fn with(mut handshake: Request, name: &'static str, value: &str) -> Request {
    let value = value.parse().expect("a header");
    handshake.headers_mut().insert(name, value);
    handshake
}

/// The answer to a handshake that is refused, sent as a request.
async fn refusal(by: &Client, headers: &[(&str, &str)]) -> Answer {
    let mut request = by
        .request(reqwest::Method::GET, "/v1.0/ws")
        .header("Connection", "Upgrade")
        .header("Upgrade", "websocket")
        .header("Sec-WebSocket-Version", "13")
        .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Answer::to(request).await
}

/// A new access key of `agent`, and whoever has it.
async fn key(server: &Server, agent: &Client, body: Value) -> (Value, Client) {
    let key = agent.post(KEYS, body).await.ok();
    let token = key["token"].as_str().expect("a token");
    let robot = server.with_token(token).named(&agent.id);
    (key, robot)
}

/// A socket by a key that lives for a moment, and how long that is: longer where the machine is
/// slower.
async fn by_a_short_key(server: &Server, agent: &Client) -> (Socket, Duration) {
    for lifetime in [1, 4, 16] {
        let (_, short) = key(server, agent, json!({"expire": lifetime})).await;
        if let Some(socket) = Socket::try_subscribed(&short).await {
            return (socket, Duration::from_secs(lifetime));
        }
    }
    panic!("no key lives until its socket follows")
}

/// Two sockets by a token that lives for a moment.
async fn by_a_short_token() -> (Server, Client, [Socket; 2]) {
    for lifetime in ["2", "8", "32"] {
        let server = Server::start_with(&[("TALK_TOKEN_LIFETIME_SECONDS", lifetime)]).await;
        let alice = server.admin().await;
        let first = Socket::try_subscribed(&alice).await;
        if let (Some(first), Some(second)) = (first, Socket::try_subscribed(&alice).await) {
            return (server, alice, [first, second]);
        }
    }
    panic!("no token lives until its sockets follow")
}

/// Waits for the end of a session's sockets.
async fn ends_soon(sockets: &mut [Socket], since: Instant) {
    for socket in sockets {
        assert_eq!(socket.closed().await.0, 4401);
        assert!(since.elapsed() < SOON, "{:?}", since.elapsed());
    }
}

/// Checks that these sockets still hear what is said.
async fn go_on(sockets: &mut [Socket], by: &Client, chat: &Value) {
    let said = by.say(chat, "still heard").await;
    for socket in sockets {
        assert_eq!(socket.next().await["data"], said);
    }
}

/// WS-16 and case 27.
#[tokio::test(flavor = "multi_thread")]
async fn a_logout_closes_the_sockets_of_that_token_alone() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = bob.chat("group", &[&alice]).await;
    let other = server.login("alice", PASSWORD).await;
    let mut ending = [
        Socket::subscribed(&alice).await,
        Socket::subscribed(&alice).await,
    ];
    let mut staying = [
        Socket::subscribed(&other).await,
        Socket::subscribed(&bob).await,
    ];
    alice.post("/auth/logout", json!({})).await.ok();
    ends_soon(&mut ending, Instant::now()).await;
    go_on(&mut staying, &bob, &chat).await;
    assert_eq!(Socket::refused(handshake(&alice)).await, 401);
}

/// WS-16.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_closes_the_sockets_of_older_tokens() {
    let server = Server::start().await;
    let [alice, bob, carol] = server.agents(["alice", "bob", "carol"]).await;
    let chat = carol.chat("group", &[&alice, &bob]).await;
    let (_, robot) = key(&server, &alice, json!({})).await;
    let mut ending = [Socket::subscribed(&alice).await];
    let mut staying = [
        Socket::subscribed(&robot).await,
        Socket::subscribed(&bob).await,
    ];
    let change = json!({"old_password": PASSWORD, "new_password": "another password"});
    alice.put(&format!("{ME}/password"), change).await.ok();
    ends_soon(&mut ending, Instant::now()).await;
    go_on(&mut staying, &carol, &chat).await;
    let mut ending = [Socket::subscribed(&bob).await];
    let password = ["--password", "another password"];
    let change = ["agent", "password", &*bob.id];
    server.operate(&[&change[..], &password].concat());
    ends_soon(&mut ending, Instant::now()).await;
}

/// WS-16.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_deleted_revoked_or_over_closes_its_sockets() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = bob.chat("group", &[&alice]).await;
    let (deleted, first) = key(&server, &alice, json!({})).await;
    let (revoked, second) = key(&server, &alice, json!({})).await;
    let (_, third) = key(&server, &alice, json!({})).await;
    let mut staying = [
        Socket::subscribed(&alice).await,
        Socket::subscribed(&bob).await,
        Socket::subscribed(&third).await,
    ];
    let mut ending = [Socket::subscribed(&first).await];
    let path = format!("{KEYS}/{}", id(&deleted));
    alice.delete(&path).await.ok();
    ends_soon(&mut ending, Instant::now()).await;
    let mut ending = [Socket::subscribed(&second).await];
    server.operate(&["accesskey", "revoke", id(&revoked)]);
    ends_soon(&mut ending, Instant::now()).await;
    let (short, lifetime) = by_a_short_key(&server, &alice).await;
    ends_soon(&mut [short], Instant::now() + lifetime).await;
    go_on(&mut staying, &bob, &chat).await;
}

/// WS-16 and case 27.
#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_is_disabled_or_deleted_loses_every_socket() {
    let server = Server::start().await;
    let admin = server.admin().await;
    let [alice, bob, carol, dan] = server.agents(["alice", "bob", "carol", "dan"]).await;
    let chat = dan.chat("group", &[&alice, &bob, &carol]).await;
    let mut sockets = Vec::new();
    for agent in [&alice, &bob, &carol] {
        let (_, robot) = key(&server, agent, json!({})).await;
        sockets.push([Socket::open(agent).await, Socket::open(&robot).await]);
    }
    let mut staying = [Socket::subscribed(&dan).await];
    let disabled = json!({"status": "disabled"});
    let path = |agent: &Client| format!("/v1.0/agents/{}", agent.id);
    admin.put(&path(&alice), disabled).await.ok();
    ends_soon(&mut sockets[0], Instant::now()).await;
    server.operate(&["agent", "disable", &carol.id]);
    ends_soon(&mut sockets[2], Instant::now()).await;
    go_on(&mut staying, &dan, &chat).await;
    admin.delete(&path(&bob)).await.ok();
    ends_soon(&mut sockets[1], Instant::now()).await;
    staying[0].answer("chatparticipant_removed").await;
}

/// WS-16 and case 27.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_expires_closes_its_sockets() {
    let (_server, alice, mut sockets) = by_a_short_token().await;
    let deadline = Instant::now() + Duration::from_secs(60);
    while alice.get(ME).await.status == 200 {
        assert!(Instant::now() < deadline, "the token does not end");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    ends_soon(&mut sockets, Instant::now()).await;
}

/// WS-01.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_or_key_is_taken_from_the_query_or_the_header() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let chat = alice.chat("group", &[]).await;
    let (_, robot) = key(&server, &alice, json!({})).await;
    let mut sockets = Vec::new();
    for token in [alice.token(), robot.token()] {
        let bearer = format!("Bearer {token}");
        for handshake in [
            bare(&server, &format!("?token={token}")),
            bare(&server, &format!("?accesskey={token}")),
            with(bare(&server, ""), "Authorization", &bearer),
        ] {
            let mut socket = Socket::open_with(handshake).await;
            socket.subscribe(&all_of(&alice)).await;
            sockets.push(socket);
        }
    }
    go_on(&mut sockets, &alice, &chat).await;
}

/// Cases 28 and 69.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_connects_without_a_token_and_never_by_a_cookie() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let token = alice.token();
    let cookie = format!("token={token}; accesskey={token}; session={token}");
    let bearer = format!("Bearer {token}x");
    for handshake in [
        bare(&server, ""),
        bare(&server, "?token="),
        bare(&server, "?token=garbage"),
        bare(&server, &format!("?token={token}x")),
        bare(&server, &format!("?accesskey=vb_{}", "0".repeat(64))),
        with(bare(&server, ""), "Authorization", &bearer),
        with(bare(&server, ""), "Cookie", &cookie),
    ] {
        assert_eq!(Socket::refused(handshake).await, 401);
    }
    let nobody = server.anonymous();
    let refused = refusal(&nobody, &[("Cookie", &cookie)]).await;
    refused.refused(401, "AUTHENTICATION_REQUIRED");
    let refused = refusal(&server.with_token("garbage"), &[]).await;
    refused.refused(401, "TOKEN_INVALID");
}

/// Case 28 and WS-01.
#[tokio::test(flavor = "multi_thread")]
async fn a_web_page_connects_from_the_same_host_or_an_allowed_origin() {
    let allowed = "https://console.example.com, https://talk.example.com:8443";
    let server = Server::start_with(&[("TALK_ALLOWED_ORIGINS", allowed)]).await;
    let [alice] = server.agents(["alice"]).await;
    let own = server.url.clone();
    for origin in [
        &*own,
        "https://console.example.com",
        "https://console.example.com:443",
        "https://talk.example.com:8443",
    ] {
        let handshake = with(handshake(&alice), "Origin", origin);
        Socket::open_with(handshake).await.nothing_else().await;
    }
    let other_port = format!("{own}1");
    let (no_port, _) = own.rsplit_once(':').expect("a port");
    for origin in [
        "https://evil.example.com",
        "https://console.example.com.evil.example.com",
        "https://example.com",
        "http://console.example.com",
        "https://talk.example.com",
        &*own.replace("http://", "chrome-extension://"),
        no_port,
        &*other_port,
        "null",
    ] {
        let handshake = with(handshake(&alice), "Origin", origin);
        assert_eq!(Socket::refused(handshake).await, 403, "{origin}");
    }
    let refused = refusal(&alice, &[("Origin", "https://evil.example.com")]).await;
    refused.refused(403, "ORIGIN_NOT_ALLOWED");
}

/// The handshake of a page of the server's own host, opened with `scheme`, through a proxy that adds
/// one header.
fn through_proxy(client: &Client, scheme: &str, (name, value): (&'static str, &str)) -> Request {
    let host = client.url().trim_start_matches("http://");
    let origin = format!("{scheme}://{host}");
    with(with(handshake(client), "Origin", &origin), name, value)
}

/// Case 69: behind a proxy that ends TLS, a page that was opened without TLS has another origin.
#[tokio::test(flavor = "multi_thread")]
async fn a_trusted_proxy_names_the_scheme_of_the_page() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    for (header, same, other) in [
        (("x-forwarded-proto", "https"), "https", "http"),
        (("x-forwarded-proto", "http"), "http", "https"),
        (
            ("forwarded", "for=203.0.113.7;proto=https"),
            "https",
            "http",
        ),
    ] {
        let own = through_proxy(&alice, same, header);
        Socket::open_with(own).await.nothing_else().await;
        let foreign = through_proxy(&alice, other, header);
        assert_eq!(Socket::refused(foreign).await, 403, "{header:?}");
    }
}

/// Case 69.
#[tokio::test(flavor = "multi_thread")]
async fn an_untrusted_peer_does_not_choose_the_scheme() {
    let server = Server::start_with(&[("TALK_TRUSTED_PROXIES", "10.0.0.0/8")]).await;
    let [alice] = server.agents(["alice"]).await;
    for scheme in ["http", "https"] {
        let page = through_proxy(&alice, scheme, ("x-forwarded-proto", "https"));
        Socket::open_with(page).await.nothing_else().await;
    }
}

/// Ten thousand sockets fit under the usual limit of files.
#[tokio::test(flavor = "multi_thread")]
async fn a_socket_takes_one_file_descriptor() {
    const SOCKETS: usize = 40;
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let topic = all_of(&alice);
    Socket::open(&alice).await.subscribe(&topic).await;
    let (before, mut sockets) = (server.open_files(), Vec::new());
    for _ in 0..SOCKETS {
        let mut socket = Socket::open(&alice).await;
        socket.subscribe(&topic).await;
        sockets.push(socket);
    }
    // Another connection or two may have come or gone meanwhile.
    let taken = server.open_files() - before;
    assert!((SOCKETS - 5..SOCKETS + 5).contains(&taken), "{taken}");
}
