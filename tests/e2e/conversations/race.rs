//! Many first messages at once: one room and one conversation for each person and account.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use talk_testkit::harness::{Client, Server};

use super::{CONVERSATIONS, text, visitor, web_chat, write};

/// First messages of each person at each account.
const AT_ONCE: u64 = 64;

fn number(name: &str, default: usize) -> usize {
    std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

/// Checks the conversation of one person: event 1 created it, and events 2 to 65 are the messages.
async fn check(admin: &Client, row: &Value) {
    assert_eq!(row["last_seq"], json!(AT_ONCE + 1), "{row}");
    let path = format!("{CONVERSATIONS}/{}/messages?page_size=100", text(row, "id"));
    let messages = admin.get(&path).await.rows();
    let places: BTreeSet<_> = messages.iter().map(|one| one["seq"].as_u64()).collect();
    let expected = (2..=AT_ONCE + 1).map(Some).collect();
    assert_eq!(places, expected);
    let texts: BTreeSet<_> = messages
        .iter()
        .map(|one| text(one, "text").to_owned())
        .collect();
    let expected = (1..=AT_ONCE).map(|n| format!("message {n}")).collect();
    assert_eq!(texts, expected);
}

/// Writes a message, again and again while the server has more requests than it queues.
async fn insist(visitor: &Client, account: &Value, (event, what): (u128, &str)) {
    loop {
        let answer = write(visitor, account, (event, what)).await;
        if answer.status != 503 {
            answer.ok();
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Lets `people` write to an account at once, each on 64 connections, and checks the conversations.
async fn race(server: &Server, admin: &Client, people: usize) {
    let account = Arc::new(web_chat(admin, &[]).await);
    let mut running = Vec::new();
    for person in 0..people as u64 {
        let visitor = visitor(server, &account).await;
        for n in 1..=AT_ONCE {
            let (visitor, account) = (visitor.clone(), Arc::clone(&account));
            running.push(tokio::spawn(async move {
                let event = u128::from(person * AT_ONCE + n);
                insist(&visitor, &account, (event, &format!("message {n}"))).await;
            }));
        }
    }
    for run in running {
        run.await.expect("a message");
    }
    let listed = format!(
        "{CONVERSATIONS}?page_size=100&account_id={}",
        text(&account, "id")
    );
    let rows = admin.get(&listed).await.rows();
    assert_eq!(rows.len(), people);
    for row in rows {
        check(admin, &row).await;
    }
}

/// CONV-01 and CONV-05: at two accounts of each of two customers. `make conversation-race` runs it with
/// 50 persons and 100 times.
#[tokio::test(flavor = "multi_thread")]
async fn many_first_messages_at_once_begin_one_conversation() {
    let (people, rounds) = (number("TALK_RACE_PEOPLE", 3), number("TALK_RACES", 1));
    let server = Server::start_with(&[("TALK_MAX_ACCOUNTS", "1000")]).await;
    let (admin, (other, [])) = (server.admin().await, server.customer("other", []).await);
    for _ in 0..rounds {
        tokio::join!(
            race(&server, &admin, people),
            race(&server, &admin, people),
            race(&server, &other, people),
            race(&server, &other, people),
        );
    }
}
