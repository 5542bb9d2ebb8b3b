//! Reactions: which are the same, and what changes.

use serde_json::{Value, json};

use talk_testkit::harness::client::message;
use talk_testkit::harness::{Answer, Client, Server};

async fn unreact(by: &Client, from: &Value, emoji: &str) -> Answer {
    by.delete(&message(from, &format!("/reactions?emoji={emoji}")))
        .await
}

fn emojis(of: &Value) -> Vec<String> {
    let reactions = of["metadata"]["reactions"].as_array().expect("a list");
    let emoji = |reaction: &Value| reaction["emoji"].as_str().expect("an emoji").to_owned();
    reactions.iter().map(emoji).collect()
}

/// MSG-12 and case 16.
#[tokio::test(flavor = "multi_thread")]
async fn spellings_of_one_emoji_are_one_reaction_echoed_as_first_sent() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    for spellings in [
        ["thumbsup", "👍", "+1"],
        ["👍", "+1", "thumbsup"],
        ["❤", "❤️", "heart"],
        ["❤️", "heart", "❤"],
    ] {
        let said = alice.say(&chat, "hello").await;
        let first = bob.react(&said, spellings[0]).await;
        assert_eq!(emojis(&first.ok()), [spellings[0]]);
        for again in spellings {
            assert_eq!(bob.react(&said, again).await.body, first.body, "{again}");
        }
        let own = alice.react(&said, spellings[1]).await.ok();
        assert_eq!(emojis(&own), [spellings[0], spellings[1]]);
        let removed = unreact(&bob, &said, spellings[2]).await.ok();
        assert_eq!(emojis(&removed), [spellings[1]], "only the own one");
    }
}

/// MSG-12 and case 16.
#[tokio::test(flavor = "multi_thread")]
async fn different_emoji_never_collapse() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let said = alice.say(&chat, "hello").await;
    let all = [
        "👍",
        "🎉",
        "👍🏽",
        "👍🏿",
        "🇩🇪",
        "🇫🇷",
        "👨‍👩‍👧",
        "my_own-name",
        "a",
        "+",
    ];
    for emoji in all {
        bob.react(&said, emoji).await.ok();
    }
    let now = alice.get(&message(&said, "")).await;
    assert_eq!(emojis(&now.ok()), all);
    for reaction in now.ok()["metadata"]["reactions"]
        .as_array()
        .expect("a list")
    {
        let expected = json!({
            "emoji": reaction["emoji"], "owner_type": "agent", "owner_id": bob.id,
            "tm_create": reaction["tm_create"],
        });
        assert_eq!(reaction, &expected);
    }
    let removed = unreact(&bob, &said, "👍🏽").await.ok();
    assert_eq!(emojis(&removed), [&all[..2], &all[3..]].concat());
}

/// MSG-11 and case 14.
#[tokio::test(flavor = "multi_thread")]
async fn a_reaction_is_removed_by_query_or_body_and_the_last_leaves_an_empty_list() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let said = alice.say(&chat, "hello").await;
    for query in ["+1", "%2B1", "thumbsup", "%F0%9F%91%8D"] {
        let added = bob.react(&said, "👍").await.ok();
        assert!(added["tm_update"].as_str() > said["tm_update"].as_str());
        let removed = unreact(&bob, &said, query).await.ok();
        assert_eq!(removed["metadata"], json!({"reactions": []}), "{query}");
        assert!(removed["tm_update"].as_str() > added["tm_update"].as_str());
        assert_eq!(alice.get(&message(&said, "")).await.ok(), removed);
    }
    bob.react(&said, "👍").await.ok();
    let request = bob.request(reqwest::Method::DELETE, &message(&said, "/reactions"));
    let removed = Answer::to(request.json(&json!({"emoji": "+1"}))).await;
    assert_eq!(emojis(&removed.ok()), [] as [&str; 0]);
}

/// MSG-10, MSG-11 and case 15.
#[tokio::test(flavor = "multi_thread")]
async fn what_changes_no_reaction_is_no_event_and_moves_no_time() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let said = alice.say(&chat, "hello").await;
    let reacted = bob.react(&said, "👍").await;
    let before = alice.events(&chat).await;
    for unchanged in [
        bob.react(&said, "👍").await,
        unreact(&bob, &said, "🎉").await,
        unreact(&alice, &said, "👍").await,
    ] {
        assert_eq!((unchanged.status, &unchanged.body), (200, &reacted.body));
    }
    assert_eq!(alice.get(&message(&said, "")).await.body, reacted.body);
    assert_eq!(alice.events(&chat).await, before);
}

/// MSG-12.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_emoji_is_refused() {
    let server = Server::start().await;
    let [alice, bob, eve] = server.agents(["alice", "bob", "eve"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let said = alice.say(&chat, "hello").await;
    let before = alice.events(&chat).await;
    let long = "a".repeat(65);
    for emoji in ["", " ", "👍👍", "Thumbs Up", "é", "<b>", "漢", &long] {
        let refused = bob.react(&said, emoji).await;
        let error = refused.refused(400, "EMOJI_INVALID");
        assert_eq!(error["details"][0]["field"], "emoji", "{emoji}");
    }
    let bare = bob.delete(&message(&said, "/reactions")).await;
    assert_eq!(bare.status, 400, "{bare:?}");
    eve.react(&said, "👍")
        .await
        .refused(403, "PERMISSION_DENIED");
    let unknown = json!({"id": chat["id"]});
    bob.react(&unknown, "👍")
        .await
        .refused(404, "MESSAGE_NOT_FOUND");
    assert_eq!(alice.events(&chat).await, before);
}

/// Case 14.
#[tokio::test(flavor = "multi_thread")]
async fn every_acknowledged_reaction_of_many_at_once_is_there_once() {
    let server = Server::start().await;
    let agents = server.agents(["a", "b", "c", "d"]).await;
    let [first, others @ ..] = &agents;
    let chat = first
        .chat("group", &others.iter().collect::<Vec<_>>())
        .await;
    let said = first.say(&chat, "hello").await;
    let mut posts = tokio::task::JoinSet::new();
    for agent in agents.iter().cycle().take(48) {
        let agent = agent.on_its_own();
        let (said, emoji) = (said.clone(), format!("name_{}", posts.len() / 8));
        posts.spawn(async move { agent.react(&said, &emoji).await.status });
    }
    assert_eq!(posts.join_all().await, [200; 48]);
    let now = first.get(&message(&said, "")).await.ok();
    let reactions = now["metadata"]["reactions"].as_array().expect("a list");
    let mut pairs: Vec<_> = reactions
        .iter()
        .map(|reaction| {
            (
                reaction["owner_id"].to_string(),
                reaction["emoji"].to_string(),
            )
        })
        .collect();
    pairs.sort();
    pairs.dedup();
    assert_eq!((reactions.len(), pairs.len()), (24, 24));
}

/// Case 44.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_has_room_for_so_many_reactions_of_one_agent_and_of_all() {
    let server = Server::start_with(&[("TALK_MAX_REACTIONS", "22")]).await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let said = alice.say(&chat, "hello").await;
    for n in 0..20 {
        bob.react(&said, &format!("name-{n}")).await.ok();
    }
    let expect = |refused: Answer, limit: u64| {
        let error = refused.refused(400, "LIMIT_EXCEEDED");
        assert_eq!(
            error["details"],
            json!([{"field": "emoji", "limit": limit}])
        );
    };
    expect(bob.react(&said, "👍").await, 20);
    bob.react(&said, "name-3").await.ok();
    alice.react(&said, "👍").await.ok();
    alice.react(&said, "🎉").await.ok();
    expect(alice.react(&said, "❤").await, 22);
    unreact(&bob, &said, "name-3").await.ok();
    let full = bob.react(&said, "👍").await.ok();
    assert_eq!(emojis(&full).len(), 22);
}

/// Case 72.
#[tokio::test(flavor = "multi_thread")]
async fn a_couple_is_the_same_with_and_without_variation_selectors() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let said = alice.say(&chat, "hello").await;
    let bare = "👨🏿\u{200d}❤\u{200d}👨🏿";
    let qualified = "👨🏿\u{200d}❤\u{fe0f}\u{200d}👨🏿";
    let other = "👨🏾\u{200d}❤\u{200d}👨🏾";
    let first = bob.react(&said, bare).await;
    assert_eq!(bob.react(&said, qualified).await.body, first.body);
    let both = bob.react(&said, other).await.ok();
    assert_eq!(emojis(&both), [bare, other]);
    let removed = unreact(&bob, &said, qualified).await.ok();
    assert_eq!(emojis(&removed), [other]);
}
