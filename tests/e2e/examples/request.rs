//! Requests of the documents: curl commands, and `METHOD /path` in drawings and scenarios.

use reqwest::Method;
use serde_json::{Value, json};

use super::curl::Curl;
use super::file::Example;
use super::story::{Story, event};
use talk_testkit::harness::dialect::{POSTED, id};
use talk_testkit::harness::{Answer, Client};

/// A request, ready to be sent.
struct Request {
    method: Method,
    path: String,
    body: Value,
}

/// Runs a command as printed; the answer is the documented one, or shows what was sent.
pub(super) async fn run_curl(story: &mut Story, example: &Example) {
    let (command, documented) = match example.quoted.split_once("\n\n") {
        Some((command, documented)) => (command, Some(documented)),
        None => (&*example.quoted, None),
    };
    let caller = story.agent(&example.caller).clone();
    let command = story
        .names
        .substitute(command.trim().trim_start_matches("$ "));
    let command = command
        .replace("<token>", caller.token())
        .replace("<YOUR_AUTH_TOKEN>", caller.token());
    let curl = Curl::parse(&command);
    let mut sent = reqwest::Client::new().request(curl.method.clone(), &curl.url);
    for (name, value) in &curl.headers {
        sent = sent.header(name, value);
    }
    let answer = Answer::to(sent.body(curl.data.clone())).await;
    let request = Request {
        method: curl.method,
        path: path_of(&curl.url),
        body: serde_json::from_str(&curl.data).unwrap_or_default(),
    };
    if let Some((code, reason)) = &example.refusal {
        answer.refused(*code, reason);
        return;
    }
    let answer = answer.ok();
    match documented {
        Some(documented) => {
            let documented = serde_json::from_str(documented).expect("the documented answer");
            story.names.check(example, &documented, &answer);
        }
        None => check_echo(story, example, &request.body, &answer),
    }
    check_effect(story, &caller, &request, &answer).await;
}

/// Sends the requests of a drawing or scenario, and does what else the drawing says.
pub(super) async fn run_drawing(story: &mut Story, example: &Example) {
    let caller = story.agent(&example.caller).clone();
    let mut audience = story.socket("B").await;
    let printed = requests(example);
    assert!(!printed.is_empty(), "{}: no request", example.name);
    for (method, path, body) in printed {
        let path = story.names.substitute(&format!("/v1.0{path}"));
        let body = match body {
            Some(body) => serde_json::from_str(&story.names.substitute(body)).expect("a body"),
            None => body_for(story, &method, &path).await,
        };
        let mut sent = caller.request(method.clone(), &path);
        if !body.is_null() {
            sent = sent.json(&body);
        }
        let answer = Answer::to(sent).await.ok();
        let request = Request { method, path, body };
        check_echo(story, example, &request.body, &answer);
        check_effect(story, &caller, &request, &answer).await;
        if example.quoted.contains("Broadcast") {
            let kind = story.dialect.name(&POSTED);
            let pushed = event(&mut audience, kind, &answer).await;
            assert_eq!(pushed["data"], answer, "{}", example.name);
            let field = example.our_name("message_id");
            assert_eq!(answer[field], answer["id"], "{}", example.name);
        }
    }
    run_states(story, example).await;
}

/// The requests of a drawing: method, path, and the body in the line below.
fn requests(example: &Example) -> Vec<(Method, &str, Option<&str>)> {
    let lines: Vec<_> = example.lines().collect();
    let mut requests = Vec::new();
    for (i, line) in lines.iter().enumerate() {
        let mut words = line.split_whitespace();
        if let (Some(method @ ("GET" | "POST" | "PUT" | "DELETE")), Some(path)) =
            (words.next(), words.next())
        {
            let body = lines.get(i + 1).filter(|next| next.starts_with('{'));
            let method = method.parse().expect("a method");
            requests.push((method, path, body.copied()));
        }
    }
    requests
}

/// The states a drawing leads through after its request.
async fn run_states(story: &mut Story, example: &Example) {
    let (dialect, chat) = (story.dialect, story.chat.clone());
    let [a, b] = ["A", "B"].map(|letter| story.agent(letter).clone());
    if example.quoted.contains("all leave") {
        for (rest, status) in [("/close", "closed"), ("/reopen", "active")] {
            let now = a.post(&dialect.chat(&chat, rest), json!({})).await.ok();
            assert_eq!(now["status"], status);
        }
        for agent in story.others() {
            dialect.remove(agent, &chat, agent).await;
        }
        dialect.remove(&a, &chat, &a).await;
        let reopened = b.post(&dialect.chat(&chat, "/reopen"), json!({})).await;
        assert_eq!(reopened.ok()["status"], "active");
        let events = b.events(&chat).await;
        let statuses = events
            .iter()
            .filter(|event| event["type"] == "chat_updated");
        let statuses: Vec<_> = statuses.map(|event| &event["data"]["status"]).collect();
        assert_eq!(statuses, ["closed", "active", "closed", "active"]);
        for letter in ["A", "C", "D", "E"] {
            dialect.add(&b, &chat, story.agent(letter)).await;
        }
    }
    if example.quoted.contains("leave or removed") {
        for by in ["C", "A"] {
            let left = dialect
                .remove(story.agent(by), &chat, story.agent("C"))
                .await;
            assert_eq!(left["status"], "left");
            let again = dialect.add(&a, &chat, story.agent("C")).await;
            assert_eq!(again["status"], "active");
        }
    }
}

/// The body for a request that the document prints without one.
async fn body_for(story: &mut Story, method: &Method, path: &str) -> Value {
    let dialect = story.dialect;
    if *method != Method::POST {
        return Value::Null;
    }
    if path == dialect.chats() {
        return dialect.group("Project", &story.others());
    }
    if path.ends_with("/participants") {
        // All agents are in the chat already: one leaves, to be added again.
        let agent = story.agent("C");
        dialect.remove(agent, &story.chat, agent).await;
        return dialect.participant(agent);
    }
    json!({"chat_id": story.chat["id"], "text": "hello"})
}

/// Checks that the answer has everything that was sent, as it was sent.
fn check_echo(story: &Story, example: &Example, sent: &Value, answer: &Value) {
    let Some(fields) = sent.as_object() else {
        return;
    };
    for (field, value) in fields {
        match &**field {
            "participants" | "participant_ids" => {
                let count = value.as_array().expect("a list").len() + 1;
                assert_eq!(answer["member_count"], count, "{}", example.name);
            }
            "emoji" => {
                let reactions = answer["metadata"]["reactions"].as_array();
                let own = &story.agent(&example.caller).id;
                let is_own = |reaction: &Value| {
                    reaction["emoji"] == *value && reaction["owner_id"] == own.as_str()
                };
                assert!(reactions.is_some_and(|all| all.iter().any(is_own)));
            }
            field => {
                let expected = example.expected(field, value);
                assert_eq!(answer[field], *expected, "{}: {field}", example.name);
            }
        }
    }
}

/// Checks that others see what the request did, and keeps what was made.
async fn check_effect(story: &mut Story, caller: &Client, request: &Request, answer: &Value) {
    let dialect = story.dialect;
    let is_post = request.method == Method::POST;
    let last = request.path.rsplit('/').next().unwrap_or_default();
    match last {
        "talks" | "talk_chats" if is_post => {
            let card = caller.get(&dialect.chat(answer, "")).await.ok();
            assert_eq!(card["member_count"], answer["member_count"]);
            story.created(answer.clone());
        }
        "participants" if is_post => {
            assert!(caller.get(&request.path).await.rows().contains(answer));
            story.added(answer);
        }
        "messages" | "talk_messages" if is_post => {
            let rows = story
                .agent("B")
                .get(&dialect.messages(&story.chat, ""))
                .await;
            assert!(rows.rows().contains(answer));
            if answer.get("parent_id").is_none() {
                story.posted(answer.clone());
            }
        }
        "reactions" if is_post => {
            let said = dialect.said(story.agent("B"), &story.chat).await;
            assert!(said.contains(answer));
        }
        "talk_messages" => assert_eq!(request.method, Method::GET),
        removed => {
            assert_eq!((&request.method, removed), (&Method::DELETE, id(answer)));
            let (above, _) = request.path.rsplit_once('/').expect("a path");
            let rows = caller.get(above).await.rows();
            assert!(rows.iter().all(|row| row["id"] != answer["id"]));
        }
    }
}

/// The path of a URL without its query.
fn path_of(url: &str) -> String {
    let url = url.split('?').next().unwrap_or_default();
    let from = url.find("/v1.0").expect("a path");
    url[from..].to_owned()
}
