//! Pages end early when their rows are long: no row is skipped or repeated for it.

use serde_json::{Value, json};

use talk_testkit::harness::client::{message, path};
use talk_testkit::harness::{Client, Server};

const LIMIT: usize = 4_000;
const AGENTS: &str = "/v1.0/agents";
const KEYS: &str = "/v1.0/accesskeys";
const CHATS: &str = "/v1.0/service_agents/talk_chats";
const CHANNELS: &str = "/v1.0/service_agents/talk_channels";
const MESSAGES: &str = "/v1.0/service_agents/talk_messages";
const SEARCH: &str = "/v1.0/service_agents/talk_search";
const EVENTS: &str = "/v1.0/service_agents/talk_events";

/// The maximum of bytes of a page without its rows.
const FRAME: usize = 200;

/// The pages of `list` of up to `size` rows each.
async fn pages(by: &Client, list: &str, size: usize) -> Vec<Vec<Value>> {
    let mark = if list.contains('?') { '&' } else { '?' };
    let (mut pages, mut token) = (Vec::new(), String::new());
    loop {
        let query = format!("{list}{mark}page_size={size}&page_token={token}");
        let answer = by.get(&query).await;
        let rows = answer.rows();
        assert!(!rows.is_empty(), "{list}: an empty page was promised");
        let is_within = answer.body.len() <= LIMIT + FRAME;
        assert!(
            is_within || rows.len() == 1,
            "{list}: {}",
            answer.body.len()
        );
        pages.push(rows);
        let next = answer.ok()["next_page_token"].clone();
        next.as_str().expect("a token").clone_into(&mut token);
        if token.is_empty() {
            return pages;
        }
        assert!(pages.len() < 100, "{list} does not end");
    }
}

/// Long rows of every kind: an agent, a key, a chat, a channel, and messages with one that is
/// longer than a page.
async fn fill(admin: &Client, bob: &Client) -> (Value, Value) {
    let detail = "d".repeat(1_500);
    for n in 0..4 {
        let agent = json!({"username": format!("agent-{n}"), "password": "a long password",
            "detail": detail});
        admin.post(AGENTS, agent).await.ok();
        admin
            .post(KEYS, json!({"name": "key", "detail": detail}))
            .await
            .ok();
        for kind in ["group", "talk"] {
            let chat = json!({"type": kind, "name": "long", "detail": detail,
                "participants": [bob.as_owner()]});
            admin.post(CHATS, chat).await.ok();
        }
    }
    let chat = admin.chat("group", &[bob]).await;
    let first = admin
        .say(&chat, &format!("long {}", "x".repeat(1_500)))
        .await;
    for length in [1_500, 9_000, 10, 1_500, 1_500] {
        admin
            .say(&chat, &format!("long {}", "x".repeat(length)))
            .await;
    }
    for n in 0..4 {
        let text = format!("{n} {}", "y".repeat(1_500));
        admin
            .put(&message(&first, ""), json!({"text": text}))
            .await
            .ok();
    }
    (chat, first)
}

/// Case 45 and API-12.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_long_rows_ends_early_and_no_row_is_skipped_or_repeated() {
    let limit = LIMIT.to_string();
    let server = Server::start_with(&[("TALK_MAX_PAGE_BYTES", &limit)]).await;
    let admin = server.admin().await;
    let [bob] = server.agents(["bob"]).await;
    let (chat, first) = fill(&admin, &bob).await;
    let id = chat["id"].as_str().expect("an id");
    for (list, is_long) in [
        (AGENTS.to_owned(), true),
        (KEYS.to_owned(), true),
        (CHATS.to_owned(), true),
        (CHANNELS.to_owned(), true),
        ("/v1.0/talks".to_owned(), true),
        (MESSAGES.to_owned(), true),
        (format!("{MESSAGES}?chat_id={id}"), true),
        (format!("/v1.0/talks/{id}/messages"), true),
        (message(&first, "/revisions"), true),
        (format!("{SEARCH}?q=long"), true),
        (format!("{SEARCH}?q=long&chat_id={id}"), true),
        (path(&chat, "/participants"), false),
        (format!("/v1.0/talks/{id}/participants"), false),
    ] {
        let mark = if list.contains('?') { '&' } else { '?' };
        for order in ["desc", "asc"] {
            let list = format!("{list}{mark}order={order}");
            let early = pages(&admin, &list, 100).await;
            let one_by_one = pages(&admin, &list, 1).await;
            assert_eq!(early.len() > 1, is_long, "{list}");
            assert_eq!(early.concat(), one_by_one.concat(), "{list}");
        }
    }
}

/// Case 45 and API-12.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_the_log_ends_early_and_the_next_one_goes_on() {
    let limit = LIMIT.to_string();
    let server = Server::start_with(&[("TALK_MAX_PAGE_BYTES", &limit)]).await;
    let admin = server.admin().await;
    let [bob] = server.agents(["bob"]).await;
    let (chat, _) = fill(&admin, &bob).await;
    let id = chat["id"].as_str().expect("an id");
    for dialect in ["chat", "talk"] {
        let (mut since, mut seqs, mut answers) = (0, Vec::new(), 0);
        loop {
            let query = format!("{EVENTS}?chat_id={id}&since={since}&limit=1000&dialect={dialect}");
            let answer = admin.get(&query).await;
            let rows = answer.rows();
            let Some(last) = rows.last() else { break };
            // It ends with the frame that brings it over the limit, the longest of which has 9,000.
            assert!(answer.body.len() < LIMIT + 12_000, "{}", answer.body.len());
            since = last["seq"].as_u64().expect("a number");
            seqs.extend(
                rows.iter()
                    .map(|row| row["seq"].as_u64().expect("a number")),
            );
            answers += 1;
        }
        assert!(answers > 3, "{answers} answers");
        assert!(seqs.is_sorted() && seqs.len() >= 10, "{seqs:?}");
        if dialect == "chat" {
            assert_eq!(seqs, (1..=since).collect::<Vec<_>>());
        }
    }
}
