//! Lists: no row is skipped or repeated, whatever happens meanwhile.

use serde_json::{Value, json};

use talk_testkit::harness::client::path;
use talk_testkit::harness::{Client, Server};

const CHATS: &str = "/v1.0/service_agents/talk_chats";
const MESSAGES: &str = "/v1.0/service_agents/talk_messages";
const AGENTS: &str = "/v1.0/agents";
const KEYS: &str = "/v1.0/accesskeys";

fn ids(rows: &[Value]) -> Vec<String> {
    let id = |row: &Value| row["id"].as_str().expect("an id").to_owned();
    rows.iter().map(id).collect()
}

fn created(row: &Value) -> &str {
    let time = row.get("tm_create").unwrap_or(&row["tm_joined"]);
    time.as_str().expect("a time")
}

/// One page of `size` rows after `token`: its rows and the token of the next.
async fn page(by: &Client, list: &str, size: &str, token: &str) -> (Vec<Value>, String) {
    let mark = if list.contains('?') { '&' } else { '?' };
    let query = format!("{list}{mark}page_size={size}&page_token={token}");
    let answer = by.get(&query).await;
    let next = answer.ok()["next_page_token"].clone();
    (answer.rows(), next.as_str().expect("a token").to_owned())
}

/// All pages of seven rows, `insert` adding a row after each of the first three.
async fn walk(by: &Client, list: &str, insert: impl AsyncFn(usize)) -> Vec<Value> {
    let (mut all, mut token) = (Vec::new(), String::new());
    for pages in 0..20 {
        let (rows, next) = page(by, list, "7", &token).await;
        assert!(!rows.is_empty(), "{list}: an empty page was promised");
        all.extend(rows);
        if next.is_empty() {
            return all;
        }
        let end = &all[all.len() - 1];
        assert!(next.starts_with(created(end)), "{next} after {end}");
        assert_eq!(
            all.len(),
            7 * (pages + 1),
            "{list}: a short page before the last"
        );
        token = next;
        if pages < 3 {
            insert(pages).await;
        }
    }
    panic!("{list} does not end")
}

/// Walks a list in both orders while rows are added.
async fn walk_both_ways(by: &Client, list: &str, insert: impl AsyncFn(usize)) {
    let mark = if list.contains('?') { '&' } else { '?' };
    for (order, offset) in [("desc", 0), ("asc", 3)] {
        let list = format!("{list}{mark}order={order}");
        let (before, rest) = page(by, &list, "100", "").await;
        assert!(
            before.len() > 14 && rest.is_empty(),
            "{} rows",
            before.len()
        );
        let walked = walk(by, &list, async |n| insert(n + offset).await).await;
        let (walked_ids, before) = (ids(&walked), ids(&before));
        assert_eq!(walked_ids[..before.len()], before, "{list}");
        let more = if order == "asc" { 3 } else { 0 };
        assert!(walked.len() - before.len() <= more, "{list}");
        let (after, _) = page(by, &list, "100", "").await;
        assert!(after.len() > before.len(), "nothing was inserted meanwhile");
        if order == "asc" {
            assert_eq!(walked_ids, ids(&after)[..walked.len()], "{list}");
            assert!(after.is_sorted_by_key(created), "{list}");
        } else {
            assert!(after.iter().rev().is_sorted_by_key(created), "{list}");
        }
    }
}

/// API-06, X-19 and case 20.
#[tokio::test(flavor = "multi_thread")]
async fn messages_page_through_while_people_talk() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let [one, two] = [
        alice.chat("group", &[&bob]).await,
        alice.chat("group", &[&bob]).await,
    ];
    for n in 0..16 {
        alice.say(&one, &format!("{n}")).await;
        bob.say(&two, &format!("{n}")).await;
    }
    let id = one["id"].as_str().expect("an id");
    let of_one = format!("{MESSAGES}?chat_id={id}");
    let talk = async |_| {
        alice.say(&one, "meanwhile").await;
        bob.say(&two, "meanwhile").await;
    };
    walk_both_ways(&bob, &of_one, talk).await;
    let say = async |_| {
        alice.say(&one, "meanwhile").await;
    };
    walk_both_ways(&bob, MESSAGES, say).await;
}

/// API-06 and case 20.
#[tokio::test(flavor = "multi_thread")]
async fn chats_and_access_keys_page_through_while_more_are_made() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let more_chats = async |_| {
        bob.chat("group", &[&alice]).await;
    };
    let more_keys = async |n| {
        let key = json!({"name": format!("{n}")});
        alice.post(KEYS, key).await.ok();
    };
    for n in 0..17 {
        more_chats(n).await;
        more_keys(n).await;
    }
    walk_both_ways(&alice, CHATS, more_chats).await;
    walk_both_ways(&alice, KEYS, more_keys).await;
}

/// API-06 and case 21.
#[tokio::test(flavor = "multi_thread")]
async fn agents_and_participants_page_through_while_more_come() {
    let server = Server::start().await;
    let admin = server.admin().await;
    let hire = async |n| {
        let agent = json!({"username": format!("agent-{n}"), "password": "a long password"});
        let agent = admin.post(AGENTS, agent).await.ok();
        json!({"owner_type": "agent", "owner_id": agent["id"]})
    };
    let mut members = Vec::new();
    for n in 0..16 {
        members.push(hire(n).await);
    }
    walk_both_ways(&admin, AGENTS, async |n| {
        hire(100 + n).await;
    })
    .await;
    // They all join at one instant.
    let body = json!({"type": "group", "participants": members});
    let chat = admin.post(CHATS, body).await.ok();
    assert_eq!(chat["member_count"], 17);
    let list = path(&chat, "/participants");
    let add = async |n| {
        let owner = hire(200 + n).await;
        admin.post(&list, owner).await.ok();
    };
    walk_both_ways(&admin, &list, add).await;
}

/// API-05 and case 20.
#[tokio::test(flavor = "multi_thread")]
async fn the_last_page_promises_no_other() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    assert_eq!(
        page(&alice, MESSAGES, "7", "").await,
        (vec![], String::new())
    );
    let chat = alice.chat("group", &[]).await;
    for n in 0..14 {
        alice.say(&chat, &format!("{n}")).await;
    }
    for list in [MESSAGES.to_owned(), format!("{MESSAGES}?order=asc")] {
        let (rows, next) = page(&alice, &list, "7", "").await;
        assert_eq!(rows.len(), 7);
        let (rows, last) = page(&alice, &list, "7", &next).await;
        assert_eq!(
            (rows.len(), &*last),
            (7, ""),
            "an exact multiple of the page"
        );
        let (rows, last) = page(&alice, &list, "14", "").await;
        assert_eq!((rows.len(), &*last), (14, ""));
        let (rows, last) = page(&alice, &list, "100", "").await;
        assert_eq!((rows.len(), &*last), (14, ""));
    }
}

/// API-06.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_starts_after_a_token_or_a_bare_time() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let chat = alice.chat("group", &[]).await;
    let mut said = Vec::new();
    for n in 0..9 {
        said.insert(0, alice.say(&chat, &format!("{n}")).await);
    }
    let list = path(&chat, "").replace("talk_chats/", "talk_messages?chat_id=");
    let time = created(&said[3]);
    for bare in [time.to_owned(), format!("{}Z", time.replace(' ', "T"))] {
        let (rows, _) = page(&alice, &list, "3", &bare).await;
        assert_eq!(rows, said[4..7], "{bare}");
        let (rows, _) = page(&alice, MESSAGES, "3", &bare).await;
        assert_eq!(rows, said[4..7], "{bare}");
    }
    for garbage in [
        "garbage",
        "1",
        "2024-13-01 00:00:00.000000",
        "~",
        &format!("{time}~x"),
    ] {
        for list in [
            &list,
            MESSAGES,
            CHATS,
            AGENTS,
            KEYS,
            &path(&chat, "/participants"),
        ] {
            let mark = if list.contains('?') { '&' } else { '?' };
            let refused = alice
                .get(&format!("{list}{mark}page_token={garbage}"))
                .await;
            let error = refused.refused(400, "PAGE_TOKEN_INVALID");
            assert_eq!(error["details"][0]["field"], "page_token");
        }
    }
}

/// API-05 and API-06.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_page_is_refused_by_name_and_limit() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let chat = alice.chat("group", &[]).await;
    for list in [MESSAGES, CHATS, AGENTS, KEYS, &path(&chat, "/participants")] {
        for size in ["0", "101", "-1", "abc", "1.5"] {
            let refused = alice.get(&format!("{list}?page_size={size}")).await;
            let error = refused.refused(400, "PAGE_SIZE_INVALID");
            let named = json!([{"field": "page_size", "limit": 100}]);
            assert_eq!(error["details"], named, "{list} {size}");
        }
        let refused = alice.get(&format!("{list}?order=up")).await;
        let error = refused.refused(400, "ORDER_INVALID");
        assert_eq!(error["details"][0]["field"], "order");
    }
}
