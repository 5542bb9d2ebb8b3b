//! Conversations with people outside: accounts, the visitor of a web chat, and the agents who answer.

mod bodies;
mod checking;
mod deleting;
mod erasing;
mod hooks;
mod kills;
mod library;
mod live;
mod medias;
mod opening;
mod participants;
mod race;
mod searching;
mod sms;
mod sms_refusals;
mod streaming;
mod visitor_files;

use serde_json::{Value, json};
use talk_testkit::harness::{Answer, Client, Server};

const ACCOUNTS: &str = "/v1.0/conversation_accounts";
const CONVERSATIONS: &str = "/v1.0/conversations";

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().expect("a text")
}

async fn web_chat(admin: &Client, origins: &[&str]) -> Value {
    let body = json!({"type": "webchat", "name": "Shop", "provider_data": {"origins": origins}});
    admin.post(ACCOUNTS, body).await.ok()
}

/// The visitor's path of an account, followed by `rest`.
fn of(account: &Value, rest: &str) -> String {
    format!("/v1.0/webchat/{}/{rest}", text(account, "id"))
}

/// A new visitor of the web chat.
async fn visitor(server: &Server, account: &Value) -> Client {
    let path = of(account, "sessions");
    let begun = server.anonymous().post(&path, json!({})).await.ok();
    assert_eq!(begun["name"], "Shop");
    server.with_token(text(&begun, "token"))
}

fn id(n: u128) -> String {
    let n = format!("{n:032x}");
    format!(
        "{}-{}-{}-{}-{}",
        &n[..8],
        &n[8..12],
        &n[12..16],
        &n[16..20],
        &n[20..]
    )
}

async fn write(visitor: &Client, account: &Value, (n, what): (u128, &str)) -> Answer {
    let body = json!({"id": id(n), "text": what});
    visitor.post(&of(account, "messages"), body).await
}

async fn seen(visitor: &Client, account: &Value, since: u64) -> Vec<(String, String)> {
    let path = of(account, &format!("messages?since={since}"));
    let seen = visitor.get(&path).await.ok();
    let rows = seen["result"].as_array().expect("rows");
    let row = |row: &Value| (text(row, "direction").into(), text(row, "text").into());
    rows.iter().map(row).collect()
}

fn said(direction: &str, what: &str) -> (String, String) {
    (direction.into(), what.into())
}

/// CONV-11: accounts are managed by admins; agents and other customers see none.
#[tokio::test(flavor = "multi_thread")]
async fn admins_manage_accounts() {
    let server = Server::start_with(&[("TALK_MAX_ACCOUNTS", "1")]).await;
    let (admin, [alice]) = (server.admin().await, server.agents(["alice"]).await);
    let made = web_chat(&admin, &["https://Shop.test:443/"]).await;
    let origins = &made["provider_data"]["origins"];
    assert_eq!(*origins, json!(["https://shop.test"]));
    assert_eq!(
        admin.get(ACCOUNTS).await.rows(),
        std::slice::from_ref(&made)
    );
    let second = json!({"type": "webchat"});
    let refused = admin.post(ACCOUNTS, second).await;
    refused.refused(409, "ACCOUNT_LIMIT");
    let other = admin.post(ACCOUNTS, json!({"type": "fax"})).await;
    other.refused(400, "ACCOUNT_TYPE_INVALID");
    let one = format!("{ACCOUNTS}/{}", text(&made, "id"));
    let wrong = json!({"provider_data": {"origins": ["https://a.test", "a.test"]}});
    let refused = admin.put(&one, wrong).await.refused(400, "ORIGIN_INVALID");
    assert!(
        refused.to_string().contains("provider_data.origins[1]"),
        "{refused}"
    );
    let renamed = admin.put(&one, json!({"name": "Help"})).await.ok();
    assert_eq!(
        (text(&renamed, "name"), &renamed["provider_data"]),
        ("Help", &made["provider_data"])
    );
    for path in [ACCOUNTS, &one] {
        alice.get(path).await.refused(403, "PERMISSION_DENIED");
    }
    let (stranger, []) = server.customer("other", []).await;
    stranger.get(&one).await.refused(404, "ACCOUNT_NOT_FOUND");
    admin.delete(&one).await.ok();
    admin.get(&one).await.refused(404, "ACCOUNT_NOT_FOUND");
}

/// CONV-01, CONV-03, CONV-07, CONV-08 and CONV-12: a visitor writes, an agent claims the conversation and
/// answers, the visitor reads the answer.
#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_and_an_agent_talk() {
    let server = Server::start().await;
    let (admin, [alice, bob]) = (server.admin().await, server.agents(["alice", "bob"]).await);
    let account = web_chat(&admin, &[]).await;
    let (jo, kim) = (
        visitor(&server, &account).await,
        visitor(&server, &account).await,
    );
    assert!(seen(&jo, &account, 0).await.is_empty());
    write(&jo, &account, (1, "Hello?")).await.ok();
    write(&kim, &account, (2, "I am Kim")).await.ok();
    let free = format!("{CONVERSATIONS}?owner_id=none&order=asc");
    let rows = alice.get(&free).await.rows();
    assert_eq!(rows.len(), 2);
    let conversation = &rows[0];
    assert_eq!(conversation["owner_type"], "");
    assert!(text(conversation, "name").starts_with("Chat · "));
    let one = format!("{CONVERSATIONS}/{}", text(conversation, "id"));
    let messages = format!("{one}/messages");
    let unread = alice.get(&messages).await;
    unread.refused(403, "PERMISSION_DENIED");
    let claimed = alice.post(&format!("{one}/claim"), json!({})).await.ok();
    assert_eq!(claimed["owner_id"], *alice.id);
    let late = bob.post(&format!("{one}/claim"), json!({})).await;
    late.refused(409, "OWNER_CHANGED");
    let hello = json!({"text": "Hello Jo"});
    let sent = alice.post_once("key-1234", &messages, &hello).await.ok();
    assert_eq!(
        (text(&sent, "delivery"), text(&sent, "status")),
        ("accepted", "done")
    );
    assert_eq!(sent["author"]["owner_id"], *alice.id);
    let again = alice.post_once("key-1234", &messages, &hello).await;
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.ok(), sent);
    bob.post(&messages, hello)
        .await
        .refused(403, "PERMISSION_DENIED");
    let both = [said("incoming", "Hello?"), said("outgoing", "Hello Jo")];
    assert_eq!(seen(&jo, &account, 0).await, both);
    assert_eq!(seen(&jo, &account, 2).await, both[1..]);
    assert_eq!(
        seen(&kim, &account, 0).await,
        [said("incoming", "I am Kim")]
    );
    let path = of(&account, "read");
    jo.put(&path, json!({"seq": sent["seq"]})).await.ok();
    let rows = alice.get(&format!("{messages}?order=asc")).await.rows();
    let steps: Vec<_> = rows.iter().map(|row| text(row, "delivery")).collect();
    assert_eq!(steps, ["delivered", "read"]);
    let own = format!("/v1.0/service_agents{}", one.trim_start_matches("/v1.0"));
    assert_eq!(alice.get(&own).await.ok()["id"], conversation["id"]);
}

/// CONV-04: a message that is sent again is there once, and nobody else reads it by its id.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_a_visitor_that_comes_again_is_there_once() {
    let server = Server::start().await;
    let admin = server.admin().await;
    let account = web_chat(&admin, &[]).await;
    let (jo, kim) = (
        visitor(&server, &account).await,
        visitor(&server, &account).await,
    );
    let first = write(&jo, &account, (7, "once")).await.ok();
    let repeats = (0..20).map(|_| write(&jo, &account, (7, "once")));
    for again in futures_util::future::join_all(repeats).await {
        assert_eq!(again.ok(), first);
    }
    assert_eq!(seen(&jo, &account, 0).await, [said("incoming", "once")]);
    let guessed = write(&kim, &account, (7, "mine")).await;
    guessed.refused(422, "MESSAGE_ID_REUSED");
    assert_eq!(admin.get(CONVERSATIONS).await.rows().len(), 1);
    write(&jo, &account, (8, ""))
        .await
        .refused(400, "MESSAGE_EMPTY");
    let nameless = json!({"id": "7", "text": "x"});
    let refused = jo.post(&of(&account, "messages"), nameless).await;
    refused.refused(400, "INVALID_ID");
}

/// CONV-04: the text of a person outside may be longer than that of an agent, and is stored whole.
#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_may_write_whatever_fits_into_a_request() {
    let server = Server::start().await;
    let admin = server.admin().await;
    let account = web_chat(&admin, &[]).await;
    let jo = visitor(&server, &account).await;
    let (long, nul) = ("x".repeat(50_000), "a\0b");
    write(&jo, &account, (1, &long)).await.ok();
    write(&jo, &account, (2, nul)).await.ok();
    let stored = [said("incoming", &long), said("incoming", "a\u{FFFD}b")];
    assert_eq!(seen(&jo, &account, 0).await, stored);
    let over = write(&jo, &account, (3, &"x".repeat(2_000_000))).await;
    over.refused(413, "PAYLOAD_TOO_LARGE");
}

/// CONV-06: a message of the visitor opens a closed conversation.
#[tokio::test(flavor = "multi_thread")]
async fn a_closed_conversation_opens_with_the_next_message() {
    let server = Server::start().await;
    let admin = server.admin().await;
    let account = web_chat(&admin, &[]).await;
    let jo = visitor(&server, &account).await;
    write(&jo, &account, (1, "Hello?")).await.ok();
    let rows = admin.get(CONVERSATIONS).await.rows();
    let one = format!("{CONVERSATIONS}/{}", text(&rows[0], "id"));
    let closed = admin.post(&format!("{one}/close"), json!({})).await.ok();
    assert_eq!(closed["state"], "closed");
    let active = format!("{CONVERSATIONS}?state=active");
    assert!(admin.get(&active).await.rows().is_empty());
    write(&jo, &account, (2, "Are you there?")).await.ok();
    assert_eq!(admin.get(&one).await.ok()["state"], "active");
    admin
        .delete(&format!("{ACCOUNTS}/{}", text(&account, "id")))
        .await
        .ok();
    let path = format!("{one}/messages");
    let late = admin.post(&path, json!({"text": "Yes"})).await;
    late.refused(409, "ACCOUNT_DISABLED");
    let late = write(&jo, &account, (3, "Hm")).await;
    late.refused(404, "ACCOUNT_NOT_FOUND");
}

/// CONV-11 and CONV-12: only pages of the account's origins, and only visitors.
#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_page_and_a_forged_token_are_refused() {
    let server = Server::start().await;
    let admin = server.admin().await;
    let account = web_chat(&admin, &["https://shop.test"]).await;
    let jo = visitor(&server, &account).await;
    let from = |origin: &str| {
        let get = jo.request(reqwest::Method::GET, &of(&account, "messages"));
        Answer::to(get.header("origin", origin))
    };
    let shop = from("https://shop.test").await;
    shop.ok();
    assert_eq!(shop.header("access-control-allow-origin"), Some("*"));
    let evil = from("https://evil.test").await;
    evil.refused(403, "ORIGIN_NOT_ALLOWED");
    let ask = jo.request(reqwest::Method::OPTIONS, &of(&account, "messages"));
    let ask = ask
        .header("origin", "https://shop.test")
        .header("access-control-request-method", "POST");
    let preflight = ask.send().await.expect("an answer");
    assert_eq!(preflight.status(), 204);
    assert_eq!(preflight.headers()["access-control-allow-origin"], "*");
    let path = of(&account, "messages");
    let nobody = server.anonymous().get(&path).await;
    nobody.refused(401, "AUTHENTICATION_REQUIRED");
    admin.get(&path).await.refused(401, "TOKEN_INVALID");
    let as_agent = server.with_token(jo.token());
    let refused = as_agent.get(CONVERSATIONS).await;
    refused.refused(401, "TOKEN_INVALID");
}

/// CONV-05: after a crash, what was answered is there, once.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_was_answered_survives_a_crash() {
    let mut server = Server::start().await;
    let admin = server.admin().await;
    let account = web_chat(&admin, &[]).await;
    let jo = visitor(&server, &account).await;
    for n in 0..5 {
        let sent = write(&jo, &account, (n, &format!("message {n}")))
            .await
            .ok();
        server.kill_and_restart().await;
        let again = write(&jo, &account, (n, &format!("message {n}")))
            .await
            .ok();
        assert_eq!(again, sent);
    }
    let all: Vec<_> = (0..5)
        .map(|n| said("incoming", &format!("message {n}")))
        .collect();
    assert_eq!(seen(&jo, &account, 0).await, all);
}

/// The widget and the page that shows nothing else are served without a login.
#[tokio::test(flavor = "multi_thread")]
async fn the_widget_is_served_with_its_page() {
    let server = Server::start().await;
    let admin = server.admin().await;
    let account = web_chat(&admin, &[]).await;
    let get = async |path: String| {
        let request = server.anonymous().request(reqwest::Method::GET, &path);
        let answer = request.send().await.expect("an answer");
        (
            answer.status().as_u16(),
            answer.text().await.expect("a text"),
        )
    };
    let (status, script) = get("/webchat.js".into()).await;
    assert!(status == 200 && script.contains("attachShadow({ mode: 'open' })"));
    let id = text(&account, "id");
    let (status, page) = get(format!("/webchat/{id}")).await;
    assert!(
        status == 200 && page.contains(&format!("data-widget=\"{id}\"")),
        "{page}"
    );
    let nil = "00000000-0000-0000-0000-000000000000";
    assert_eq!(get(format!("/webchat/{nil}")).await.0, 404);
}
