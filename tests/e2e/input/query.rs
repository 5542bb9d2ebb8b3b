//! Invalid queries.

use super::world::{AGENTS, CHANNELS, CHATS, EVENTS, KEYS, MESSAGES, World};
use super::{refused_field, refused_limit, refused_whole};
use talk_testkit::harness::client::{message, path};

const MOST: u64 = i64::MAX as u64;

/// Every list that has pages.
fn lists(world: &World) -> Vec<String> {
    vec![
        AGENTS.into(),
        KEYS.into(),
        CHATS.into(),
        CHANNELS.into(),
        MESSAGES.into(),
        format!(
            "{MESSAGES}?chat_id={}",
            world.chat["id"].as_str().expect("an id")
        ),
        path(&world.chat, "/participants"),
        message(&world.message, "/revisions"),
        "/v1.0/customers".into(),
    ]
}

/// Invalid values of `page_size`.
const SIZES: [&str; 14] = [
    "0",
    "101",
    "-1",
    "+5",
    "%2B5",
    "1.5",
    "1e1",
    "0x10",
    "x",
    "%00",
    "%20",
    "5%20",
    "%D9%A5",
    "18446744073709551616",
];

/// Invalid values of `page_token`.
const TOKENS: [&str; 12] = [
    "x",
    "~",
    "%00",
    "0",
    "null",
    "2024-01-17",
    "2024-13-17%2010:30:00.123456",
    "2024-01-17%2025:30:00.123456",
    "2024-01-17%2010:30:00.123456~",
    "2024-01-17%2010:30:00.123456~x",
    "2024-01-17%2010:30:00.123456~%00",
    "%27%20OR%201=1",
];

/// Invalid values of `order`.
const ORDERS: [&str; 6] = ["up", "ASC", "asc%20", "asc%00", "1", "asc,desc"];

/// API-05 and API-06.
#[tokio::test(flavor = "multi_thread")]
async fn every_list_refuses_a_page_that_is_none() {
    let world = World::new().await;
    for list in lists(&world) {
        let mark = if list.contains('?') { '&' } else { '?' };
        let get = |query: String| {
            let list = format!("{list}{mark}{query}");
            let alice = world.alice.clone();
            async move { alice.get(&list).await }
        };
        let most = "9".repeat(1_000);
        for size in SIZES.into_iter().chain([&*most]) {
            let answer = get(format!("page_size={size}")).await;
            refused_limit(&answer, "PAGE_SIZE_INVALID", ("page_size", 100));
        }
        for token in TOKENS.into_iter().chain([&*most]) {
            let answer = get(format!("page_token={token}")).await;
            refused_field(&answer, "PAGE_TOKEN_INVALID", "page_token");
        }
        for order in ORDERS.into_iter().chain([&*most]) {
            let answer = get(format!("order={order}")).await;
            refused_field(&answer, "ORDER_INVALID", "order");
        }
        for (name, value) in [
            ("page_size", "5"),
            ("page_token", ""),
            ("order", "asc"),
            ("x", ""),
        ] {
            let answer = get(format!("{name}={value}&{name}={value}")).await;
            refused_field(&answer, "INVALID_QUERY", name);
        }
        for fine in [
            "page_size=1",
            "page_size=100",
            "page_size=&page_token=&order=",
            "unheard_of=1",
        ] {
            get(fine.to_owned()).await.ok();
        }
    }
}

/// API-13.
#[tokio::test(flavor = "multi_thread")]
async fn a_filter_that_is_none_is_named() {
    let world = World::new().await;
    let chat = world.chat["id"].as_str().expect("an id");
    for (list, name, reason, values) in [
        (
            CHATS.to_owned(),
            "type",
            "CHAT_TYPE_INVALID",
            ["room", "Group", "%00"],
        ),
        (
            CHATS.to_owned(),
            "status",
            "STATUS_INVALID",
            ["open", "Active", "%00"],
        ),
        (
            format!("{EVENTS}?chat_id={chat}"),
            "dialect",
            "DIALECT_INVALID",
            ["B", "CHAT", "%00"],
        ),
    ] {
        let mark = if list.contains('?') { '&' } else { '?' };
        for value in values {
            let answer = world
                .alice
                .get(&format!("{list}{mark}{name}={value}"))
                .await;
            refused_field(&answer, reason, name);
        }
        let twice = format!("{list}{mark}{name}=a&{name}=a");
        refused_field(&world.alice.get(&twice).await, "INVALID_QUERY", name);
    }
}

/// API-18.
#[tokio::test(flavor = "multi_thread")]
async fn a_number_of_a_query_has_its_range() {
    let world = World::new().await;
    let chat = world.chat["id"].as_str().expect("an id");
    let events = format!("{EVENTS}?chat_id={chat}");
    for (list, name, reason, range) in [
        (
            format!("{MESSAGES}?chat_id={chat}"),
            "since_seq",
            "SINCE_SEQ_INVALID",
            (0, MOST),
        ),
        (events.clone(), "since", "SINCE_INVALID", (0, MOST)),
        (events, "limit", "LIMIT_INVALID", (1, 1_000)),
    ] {
        let (least, most) = range;
        let over = (most + 1).to_string();
        for bad in [
            "-1",
            "+1",
            "1.0",
            "1e2",
            "x",
            "%00",
            "99999999999999999999",
            &over,
        ] {
            let answer = world.alice.get(&format!("{list}&{name}={bad}")).await;
            refused_limit(&answer, reason, (name, most));
        }
        if least > 0 {
            let answer = world.alice.get(&format!("{list}&{name}=0")).await;
            refused_limit(&answer, reason, (name, most));
        }
        for good in [least, most] {
            world.alice.get(&format!("{list}&{name}={good}")).await.ok();
        }
        let twice = format!("{list}&{name}=1&{name}=1");
        refused_field(&world.alice.get(&twice).await, "INVALID_QUERY", name);
    }
    let everywhere = format!("{MESSAGES}?since_seq=1");
    let answer = world.alice.get(&everywhere).await;
    refused_whole(&answer, 400, "SINCE_SEQ_NEEDS_CHAT");
}

/// API-18 and API-19.
#[tokio::test(flavor = "multi_thread")]
async fn a_search_has_a_limit_and_no_u_0000() {
    let world = World::new().await;
    let search = |text: &str| {
        let (alice, text) = (world.alice.clone(), text.to_owned());
        async move { alice.get(&format!("{CHANNELS}?search={text}")).await }
    };
    search(&"%EA%B8%80".repeat(255)).await.ok();
    for long in ["%EA%B8%80".repeat(256), "x".repeat(20_000)] {
        refused_limit(&search(&long).await, "LIMIT_EXCEEDED", ("search", 255));
    }
    for nul in ["%00", "a%00b"] {
        refused_field(&search(nul).await, "NUL_CHARACTER", "search");
    }
    for odd in ["%25", "_", "%5C", "%27", "%22", "*", "%E2%80%AE"] {
        search(odd).await.ok();
    }
}

/// API-14.
#[tokio::test(flavor = "multi_thread")]
async fn a_query_that_is_no_utf_8_is_refused_whatever_it_is_for() {
    let world = World::new().await;
    let chat = world.chat["id"].as_str().expect("an id");
    let (token, bare) = (world.alice.token(), world.server.anonymous());
    for bad in ["%ff", "a%C3", "%ED%A0%80"] {
        for query in [
            format!("{CHANNELS}?search={bad}"),
            format!("/v1.0/service_agents/talk_search?q={bad}"),
            format!("{MESSAGES}?page_token={bad}"),
            format!("{MESSAGES}?chat_id={bad}"),
            format!("{CHATS}?type={bad}"),
            format!("{EVENTS}?chat_id={chat}&since={bad}"),
            format!("/v1.0/talks?page_size={bad}"),
            format!("{CHATS}?{bad}=1"),
        ] {
            let answer = world.alice.get(&query).await;
            refused_field(&answer, "INVALID_QUERY", "query");
        }
        let reaction = format!("{}?emoji={bad}", message(&world.message, "/reactions"));
        let answer = world.alice.delete(&reaction).await;
        refused_field(&answer, "INVALID_QUERY", "query");
        let login = bare.get(&format!("{CHATS}?token={token}&x={bad}")).await;
        refused_field(&login, "INVALID_QUERY", "query");
    }
}

/// API-01.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_given_twice_is_refused() {
    let world = World::new().await;
    let (token, bare) = (world.alice.token(), world.server.anonymous());
    for name in ["token", "accesskey"] {
        let query = format!("{CHATS}?{name}={token}&{name}={token}");
        refused_field(&bare.get(&query).await, "INVALID_QUERY", name);
    }
}

/// MSG-11.
#[tokio::test(flavor = "multi_thread")]
async fn a_reaction_of_a_query_is_checked_like_one_of_a_body() {
    let world = World::new().await;
    world.alice.react(&world.message, "👍").await.ok();
    let before = world.stored().await;
    let reactions = message(&world.message, "/reactions");
    for emoji in ["%00", "a%00", "Thumbsup", "%F0%9F%91%8D%F0%9F%91%8D"] {
        let answer = world
            .alice
            .delete(&format!("{reactions}?emoji={emoji}"))
            .await;
        refused_field(&answer, "EMOJI_INVALID", "emoji");
    }
    let in_older_api = reactions.replace(MESSAGES, "/v1.0/messages");
    for nowhere in [&*reactions, &format!("{reactions}?emoji="), &in_older_api] {
        let answer = world.alice.delete(nowhere).await;
        refused_field(&answer, "EMOJI_INVALID", "emoji");
    }
    let answer = world
        .alice
        .delete(&format!("{reactions}?emoji=a&emoji=a"))
        .await;
    refused_field(&answer, "INVALID_QUERY", "emoji");
    assert_eq!(world.stored().await, before);
}
