//! Requests whose last byte is held back while their caller loses its rights: permissions are those
//! of the moment of the change.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use talk_testkit::harness::client::path;
use talk_testkit::harness::server::PASSWORD;
use talk_testkit::harness::{Client, Server};

use crate::files::form::Form;
use crate::files::{FILES, stored, until};

const AGENTS: &str = "/v1.0/agents";
const KEYS: &str = "/v1.0/accesskeys";
const WEBHOOKS: &str = "/v1.0/webhooks";
const INTERCEPT: &str = "/v1.0/intercepts/talk_message";
const ACCOUNTS: &str = "/v1.0/conversation_accounts";
const CONVERSATIONS: &str = "/v1.0/conversations";
const PASSWORD_PATH: &str = "/v1.0/service_agents/me/password";

/// An operation with a body, on a chat of its own.
struct Operation {
    method: String,
    path: String,
    /// The chat it is about, or a chat that stays as it is.
    chat: Value,
    /// The type of the body.
    kind: String,
    body: Vec<u8>,
}

/// A request that lacks its last byte.
struct Held {
    operation: Operation,
    stream: TcpStream,
    last: u8,
}

impl Held {
    async fn open(client: &Client, operation: Operation) -> Self {
        let address = client.url().strip_prefix("http://").expect("an address");
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        let (method, path, token) = (&operation.method, &operation.path, client.token());
        let mut body = operation.body.clone();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            operation.kind,
            body.len()
        );
        let last = body.pop().expect("a body");
        stream.write_all(head.as_bytes()).await.expect("the head");
        stream.write_all(&body).await.expect("the body");
        Self {
            operation,
            stream,
            last,
        }
    }

    /// Sends the last byte; code and reason of the answer.
    async fn finish(&mut self) -> (u16, String) {
        self.stream.write_all(&[self.last]).await.expect("the end");
        let mut answer = String::new();
        let read = self.stream.read_to_string(&mut answer).await;
        read.expect("an answer");
        let code = answer.split(' ').nth(1).and_then(|code| code.parse().ok());
        let body = answer.split("\r\n\r\n").nth(1).unwrap_or_default();
        let body: Value = serde_json::from_str(body).unwrap_or_default();
        let reason = body["error"]["reason"].as_str().unwrap_or_default();
        (code.expect("a code"), reason.to_owned())
    }
}

/// Eve, an admin whose requests are held, with a chat for each; Bob participates in all of them.
struct World {
    server: Server,
    root: Client,
    bob: Client,
    carol: Client,
}

impl World {
    async fn start() -> Self {
        let server = Server::start_with(&[
            (
                "TALK_SECRETS_KEY",
                "a-key-of-the-tests-for-secrets-0123456789",
            ),
            ("TALK_MAX_ACCOUNTS", "1000"),
            ("TALK_MAX_WEBHOOKS", "100"),
            ("TALK_FILE_STALL_SECONDS", "120"),
        ]);
        let server = server.await;
        let root = server.admin().await;
        let [bob, carol] = server.agents(["bob", "carol"]).await;
        Self {
            server,
            root,
            bob,
            carol,
        }
    }

    async fn admin(&self, username: &str) -> Client {
        let new = json!({"username": username, "password": PASSWORD, "permission": 32});
        self.root.post(AGENTS, new).await.ok();
        self.server.login(username, PASSWORD).await
    }

    /// Every operation with a body that the description lists, but for the login.
    async fn operations(&self, eve: &Client) -> Vec<Operation> {
        let document = self.server.anonymous().get("/openapi.json").await.ok();
        let mut operations = Vec::new();
        for (path, methods) in document["paths"].as_object().expect("paths") {
            for (method, described) in methods.as_object().expect("methods") {
                // No message of a web chat fails, so that none can be sent again.
                let is_left_out = path == "/auth/login" || path.ends_with("/retry");
                if described.get("requestBody").is_some() && !is_left_out {
                    operations.push(self.operation(eve, method, path).await);
                }
            }
        }
        assert!(operations.len() >= 24, "{}", operations.len());
        operations
    }

    /// A message that an intercept without an answer holds.
    async fn waiting(&self, eve: &Client, chat: &Value) -> Value {
        let silent =
            json!({"uri": "https://hooks.example.com/", "on_error": "hold", "timeout_ms": 1});
        eve.put(INTERCEPT, silent).await.ok();
        let held = eve.try_say(chat, "held").await.json();
        eve.delete(INTERCEPT).await.ok();
        held
    }

    async fn operation(&self, eve: &Client, method: &str, pattern: &str) -> Operation {
        let is_join = pattern.ends_with("/join");
        let is_elsewhere = is_join || pattern.starts_with(WEBHOOKS) || pattern.contains("{point}");
        let chat = if is_elsewhere {
            self.bob.chat("talk", &[]).await
        } else {
            eve.chat("group", &[&self.bob]).await
        };
        let author = if is_elsewhere { &self.bob } else { eve };
        let said = author.say(&chat, "hello").await;
        if method == "delete" && pattern.ends_with("/reactions") {
            eve.react(&said, "+1").await.ok();
        }
        if pattern.ends_with("/reopen") {
            eve.post(&path(&chat, "/close"), json!({})).await.ok();
        }
        let hook = self.hook(eve, pattern).await;
        let waiting = if pattern.contains("{held_id}") {
            self.waiting(eve, &chat).await
        } else {
            Value::Null
        };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let [account, conversation] = self.outside(eve, pattern).await;
        let path = pattern
            .replace("{account_id}", &text(&account["id"]))
            .replace("{conversation_id}", &text(&conversation["id"]))
            .replace("{chat_id}", &text(&chat["id"]))
            .replace("{message_id}", &text(&said["id"]))
            .replace("{webhook_id}", hook["id"].as_str().unwrap_or_default())
            .replace("{held_id}", waiting["id"].as_str().unwrap_or_default())
            .replace("{point}", "talk_message")
            .replace("{agent_id}", &self.carol.id);
        let is_message = path.contains("talk_messages") || path.ends_with("/messages");
        let number = said["seq"].as_u64().expect("a number");
        // The message of a visitor is the second event of its conversation.
        let seen = if conversation.is_null() { number } else { 2 };
        let body = json!({
            "type": if is_message { "normal" } else if path.starts_with(ACCOUNTS) { "webchat" } else { "group" }, "name": "N", "detail": "D",
            "chat_id": chat["id"], "text": "held", "emoji": "+1", "seq": seen,
            "account_id": account["id"], "peer": {"type": "webchat", "target": "jo"},
            "owner_type": "agent", "owner_id": self.carol.id, "agent_id": self.carol.id,
            "username": format!("new-{number}-{}", eve.id), "password": PASSWORD,
            "uri": "https://hooks.example.com/held", "enabled": false, "old_password": PASSWORD, "new_password": "another password",
        });
        let form = Form::new().file("held", "text/plain", b"held");
        let (kind, body) = if path == FILES {
            (form.kind(), form.body())
        } else {
            ("application/json".to_owned(), body.to_string().into_bytes())
        };
        Operation {
            method: method.to_uppercase(),
            path,
            chat,
            kind,
            body,
        }
    }

    /// The webhook that a path names.
    async fn hook(&self, eve: &Client, pattern: &str) -> Value {
        if !pattern.contains("{webhook_id}") {
            return Value::Null;
        }
        let hook = json!({"uri": "https://hooks.example.com/", "events": ["of_no_event"]});
        eve.post(WEBHOOKS, hook).await.ok()
    }

    /// The account and the conversation that a path names.
    async fn outside(&self, eve: &Client, pattern: &str) -> [Value; 2] {
        if pattern.contains("{account_id}") || pattern.ends_with("/conversations") {
            [self.account(eve).await, Value::Null]
        } else if pattern.contains("{conversation_id}") {
            self.conversation(eve).await
        } else {
            [Value::Null, Value::Null]
        }
    }

    async fn account(&self, eve: &Client) -> Value {
        eve.post(ACCOUNTS, json!({"type": "webchat"})).await.ok()
    }

    /// A conversation with a visitor of an account of its own.
    async fn conversation(&self, eve: &Client) -> [Value; 2] {
        let account = self.account(eve).await;
        let id = account["id"].as_str().expect("an id");
        let path = format!("/v1.0/webchat/{id}/sessions");
        let begun = self.server.anonymous().post(&path, json!({})).await.ok();
        let visitor = begun["token"].as_str().expect("a token");
        let visitor = self.server.with_token(visitor);
        let body = json!({"id": id, "text": "hello"});
        let path = format!("/v1.0/webchat/{id}/messages");
        visitor.post(&path, body).await.ok();
        let path = format!("{CONVERSATIONS}?account_id={id}");
        let conversation = eve.get(&path).await.rows()[0].clone();
        [account, conversation]
    }

    /// Opens all of them and waits until the server has authenticated each.
    async fn hold(&self, client: &Client, operations: Vec<Operation>) -> Vec<Held> {
        let mut held = Vec::new();
        for operation in operations {
            held.push(Held::open(client, operation).await);
        }
        let line = format!("talk_http_requests_in_flight {}", held.len() + 1);
        let metrics = format!("{}/metrics", self.server.admin_url);
        for _ in 0..6_000 {
            let text = reqwest::get(&metrics)
                .await
                .expect("an answer")
                .text()
                .await;
            if text.expect("text").lines().any(|found| found == line) {
                return held;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the requests do not arrive");
    }

    /// Whether a deleted agent is in no chat any more: a deletion ends many memberships in several steps.
    async fn is_gone(&self, held: &[Held], agent: &Client) -> bool {
        for held in held {
            let chat = &held.operation.chat;
            if self.bob.participant(chat, agent).await.is_some() {
                return false;
            }
        }
        true
    }

    /// Reads everything that shows whether an operation took effect.
    async fn state(&self, held: &[Held]) -> Vec<Value> {
        let mut state = vec![self.root.get(&format!("{AGENTS}?page_size=100")).await.ok()];
        state.push(
            self.root
                .get(&format!("{WEBHOOKS}?page_size=100"))
                .await
                .ok(),
        );
        state.push(self.root.get("/v1.0/customer").await.ok());
        for list in [ACCOUNTS, CONVERSATIONS] {
            let path = format!("{list}?page_size=100&order=asc");
            state.push(self.root.get(&path).await.ok());
        }
        state.push(self.bob.get("/v1.0/service_agents/talk_chats").await.ok());
        for held in held {
            state.push(self.bob.events(&held.operation.chat).await.into());
        }
        state
    }
}

/// The control of the tests below: nothing changes while it is held.
#[tokio::test(flavor = "multi_thread")]
async fn a_held_request_of_an_agent_that_still_may_takes_effect() {
    let world = World::start().await;
    let eve = world.admin("eve").await;
    let mut operations = world.operations(&eve).await;
    // These end the session of the others.
    operations.sort_by_key(|operation| {
        [PASSWORD_PATH, "/auth/logout"].contains(&operation.path.as_str())
    });
    let last = operations.pop().expect("an operation");
    let mut held = world.hold(&eve, operations).await;
    for held in &mut held {
        let answer = held.finish().await;
        assert_eq!(answer.0, 200, "{}: {answer:?}", held.operation.path);
    }
    assert!(["/auth/logout", PASSWORD_PATH].contains(&last.path.as_str()));
}

/// Case 48.
#[tokio::test(flavor = "multi_thread")]
async fn no_held_request_takes_effect_once_its_session_or_agent_has_ended() {
    let world = World::start().await;
    for end in ["logout", "disable", "delete", "password", "key"] {
        let eve = world.admin(&format!("eve-{end}")).await;
        let operations = world.operations(&eve).await;
        let agent = format!("{AGENTS}/{}", eve.id);
        let key = eve.post(KEYS, json!({})).await.ok();
        let with = if end == "key" {
            let token = key["token"].as_str().expect("a token");
            world.server.with_token(token).named(&eve.id)
        } else {
            eve.clone()
        };
        let mut held = world.hold(&with, operations).await;
        let ended = match end {
            "logout" => eve.post("/auth/logout", json!({})).await,
            "disable" => {
                let disabled = json!({"status": "disabled"});
                world.root.put(&agent, disabled).await
            }
            "delete" => world.root.delete(&agent).await,
            "password" => {
                let new = json!({"old_password": PASSWORD, "new_password": "another password"});
                eve.put(PASSWORD_PATH, new).await
            }
            _ => {
                let id = key["id"].as_str().expect("an id");
                eve.delete(&format!("{KEYS}/{id}")).await
            }
        };
        ended.ok();
        if end == "delete" {
            until(async || world.is_gone(&held, &eve).await).await;
        }
        let before = world.state(&held).await;
        for held in &mut held {
            let answer = held.finish().await;
            let path = &held.operation.path;
            // A logout needs a login token, and says so first.
            let is_no_token = end == "key" && path == "/auth/logout";
            // The old password is looked up and compared before the change.
            let expected = match end {
                _ if is_no_token => (409, "NOT_A_LOGIN_TOKEN"),
                "delete" if path == PASSWORD_PATH => (404, "AGENT_NOT_FOUND"),
                "password" if path == PASSWORD_PATH => (400, "OLD_PASSWORD_WRONG"),
                _ => (401, "TOKEN_REVOKED"),
            };
            let expected = (expected.0, expected.1.to_owned());
            assert_eq!(answer, expected, "{end}: {} {path}", held.operation.method);
        }
        assert_eq!(world.state(&held).await, before, "{end}");
        until(async || stored(&world.server).is_empty()).await;
        if !["disable", "delete"].contains(&end) {
            let password = if end == "password" {
                "another password"
            } else {
                PASSWORD
            };
            let eve = world.server.login(&format!("eve-{end}"), password).await;
            assert!(eve.get(KEYS).await.rows().len() <= 1, "{end}: a new key");
        }
    }
}

/// Case 48.
#[tokio::test(flavor = "multi_thread")]
async fn no_held_request_of_a_demoted_admin_changes_an_agent() {
    let world = World::start().await;
    let eve = world.admin("eve").await;
    let mut operations = world.operations(&eve).await;
    operations.retain(|operation| operation.path.starts_with(AGENTS));
    assert_eq!(operations.len(), 2);
    let mut held = world.hold(&eve, operations).await;
    let agent = format!("{AGENTS}/{}", eve.id);
    world.root.put(&agent, json!({"permission": 16})).await.ok();
    let before = world.state(&held).await;
    for held in &mut held {
        let expected = (403, "PERMISSION_DENIED".to_owned());
        assert_eq!(held.finish().await, expected, "{}", held.operation.path);
    }
    assert_eq!(world.state(&held).await, before);
}

/// Case 48.
#[tokio::test(flavor = "multi_thread")]
async fn no_held_request_of_a_removed_participant_changes_its_chat() {
    let world = World::start().await;
    let eve = world.admin("eve").await;
    let mut operations = world.operations(&eve).await;
    operations.retain(|operation| {
        let is_new =
            ["/v1.0/talks", "/v1.0/service_agents/talk_chats"].contains(&operation.path.as_str());
        let is_of_a_chat = operation.path.contains("talk") || operation.path.contains("/messages/");
        let is_of_a_chat = is_of_a_chat && operation.path != INTERCEPT;
        is_of_a_chat && !is_new && !operation.path.ends_with("/join")
    });
    assert!(operations.len() >= 17, "{}", operations.len());
    let mut held = world.hold(&eve, operations).await;
    for held in &held {
        let chat = &held.operation.chat;
        let member = world.bob.participant(chat, &eve).await.expect("a member");
        world.bob.remove(chat, &member).await.ok();
    }
    let before = world.state(&held).await;
    for held in &mut held {
        let expected = (403, "PERMISSION_DENIED".to_owned());
        assert_eq!(held.finish().await, expected, "{}", held.operation.path);
    }
    assert_eq!(world.state(&held).await, before);
}
