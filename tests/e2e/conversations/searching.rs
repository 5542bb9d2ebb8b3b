//! The search among conversations.

use serde_json::json;
use talk_testkit::harness::Client;

use super::live::Scene;
use super::{CONVERSATIONS, text, visitor, write};

/// The ids of the conversations that a search finds, on all pages.
async fn found(client: &Client, query: &str) -> Vec<String> {
    let (mut ids, mut token) = (Vec::new(), String::new());
    loop {
        let path = format!("{CONVERSATIONS}?{query}&page_size=1&page_token={token}");
        let page = client.get(&path).await.ok();
        let rows = page["result"].as_array().expect("rows").clone();
        ids.extend(rows.iter().map(|row| text(row, "id").to_owned()));
        text(&page, "next_page_token").clone_into(&mut token);
        if token.is_empty() {
            return ids;
        }
    }
}

/// CONV-63 and CONV-10: conversations are found by their name, the person outside and the texts of their
/// messages, by those who may read these.
#[tokio::test(flavor = "multi_thread")]
async fn conversations_are_found_by_what_the_caller_may_read() {
    let scene = Scene::start().await;
    scene.says(2, "Wo ist das GRÖSSTE Paket?").await;
    let kim = visitor(&scene.server, &scene.account).await;
    write(&kim, &scene.account, (3, "Another größte thing"))
        .await
        .ok();
    let (admin, alice, bob) = (&scene.admin, &scene.alice, &scene.bob);
    let [second, first] = [0, 1].map(|n| async move {
        let rows = admin.get(CONVERSATIONS).await.rows();
        text(&rows[n], "id").to_owned()
    });
    let (second, first) = (second.await, first.await);
    assert_eq!(first, scene.conversation);
    let both = [second.clone(), first.clone()];
    let only_first = std::slice::from_ref(&first);
    assert_eq!(found(admin, "q=gr%C3%B6%C3%9Fte").await, both);
    assert_eq!(
        found(admin, "q=grosste&order=asc").await,
        [first.clone(), second]
    );
    assert_eq!(found(admin, "q=paket&owner_id=none").await, only_first);
    assert!(found(admin, "q=paket&state=closed").await.is_empty());
    assert!(found(admin, "q=nothing-like-that").await.is_empty());
    let (other, []) = scene.server.customer("other", []).await;
    for (outsider, query) in [
        (alice, "q=paket&owner_id=none"),
        (alice, "q=paket"),
        (&other, "q=paket"),
    ] {
        assert!(found(outsider, query).await.is_empty(), "{query}");
    }
    assert_eq!(found(alice, "q=chat&owner_id=none").await, both);
    alice.post(&scene.path("/claim"), json!({})).await.ok();
    alice
        .post(&scene.path("/participants"), bob.as_owner())
        .await
        .ok();
    let renamed = json!({"name": "Jo of Accounting", "detail": "prefers e-mail"});
    alice.put(&scene.path(""), renamed).await.ok();
    for query in ["q=paket", "q=accounting", "q=E-MAIL", "q=Hello"] {
        for reader in [alice, bob, admin] {
            assert_eq!(found(reader, query).await, only_first, "{query}");
        }
    }
    let peer = admin.get(&scene.path("")).await.ok()["peer"]["target"].clone();
    let by_peer = format!("q={}", &peer.as_str().expect("an address")[3..20]);
    assert_eq!(found(alice, &by_peer).await, only_first);
    alice
        .delete(&scene.path(&format!("/participants/{}", bob.id)))
        .await
        .ok();
    assert!(found(bob, "q=paket").await.is_empty());
    admin.delete(&scene.path("")).await.ok();
    assert!(found(admin, "q=paket").await.is_empty());
}

/// CONV-63: a search text has at least one character that is searched for, and a bounded length.
#[tokio::test(flavor = "multi_thread")]
async fn a_search_among_conversations_has_a_text_of_bounded_length() {
    let scene = Scene::start().await;
    let search = |q: &str| format!("{CONVERSATIONS}?q={q}");
    let refused = scene.admin.get(&search("%20")).await;
    refused.refused(400, "QUERY_REQUIRED");
    let refused = scene.admin.get(&search("a%00")).await;
    refused.refused(400, "NUL_CHARACTER");
    let refused = scene.admin.get(&search(&"a".repeat(256))).await;
    refused.refused(400, "LIMIT_EXCEEDED");
    for hostile in ["%25", "'%20OR%201=1", "%22*", "NEAR(", "%F0%9F%98%80"] {
        assert!(
            found(&scene.admin, &format!("q={hostile}"))
                .await
                .is_empty()
        );
    }
}
