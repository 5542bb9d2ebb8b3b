//! Medias: what may hang on a message.

use serde_json::{Value, json};

use talk_testkit::harness::client::message;
use talk_testkit::harness::{Answer, Client, Server};

const UNKNOWN: &str = "018f0000-0000-7000-8000-000000000000";

async fn attach(by: &Client, chat: &Value, medias: Value) -> Answer {
    let body = json!({"chat_id": chat["id"], "medias": medias});
    by.post("/v1.0/service_agents/talk_messages", body).await
}

/// X-13 and case 18.
#[tokio::test(flavor = "multi_thread")]
async fn every_kind_echoes_its_own_fields_and_no_others() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let own = json!([
        {"type": "link", "link_url": "https://e.test/a?b=c"},
        {"type": "agent", "agent_id": bob.id},
        {"type": "address", "address": {"type": "tel", "target": "+491234"}},
        {"type": "image/png", "url": "http://e.test/a.png", "name": "a.png"},
    ]);
    let mut with_others = own.clone();
    for media in with_others.as_array_mut().expect("a list") {
        for (field, value) in [
            ("file_id", json!(UNKNOWN)),
            ("agent_id", json!(UNKNOWN)),
            ("link_url", json!("https://other.test")),
            ("unheard_of", json!(1)),
        ] {
            let fields = media.as_object_mut().expect("fields");
            fields.entry(field).or_insert(value);
        }
    }
    for sent in [&own, &with_others] {
        let said = attach(&alice, &chat, sent.clone()).await.ok();
        let medias = said["medias"].as_array().expect("a list");
        assert_eq!(medias.len(), 4);
        for i in [0, 1, 3] {
            assert_eq!(medias[i], own[i]);
        }
        assert_eq!(medias[2]["address"]["target"], "+491234");
        assert_eq!(medias[2].as_object().expect("fields").len(), 2);
        assert_eq!(bob.get(&message(&said, "")).await.ok(), said);
    }
}

/// X-13 and case 18.
#[tokio::test(flavor = "multi_thread")]
async fn unknown_and_foreign_things_are_refused_by_their_element() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let (_, [stranger]) = server.customer("acme", ["x"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let before = alice.events(&chat).await;
    let fine = json!({"type": "link", "link_url": "https://e.test"});
    for (media, reason, field) in [
        (
            json!({"type": "file", "file_id": UNKNOWN}),
            "MEDIA_FILE_NOT_FOUND",
            "file_id",
        ),
        (
            json!({"type": "agent", "agent_id": UNKNOWN}),
            "MEDIA_AGENT_NOT_FOUND",
            "agent_id",
        ),
        (
            json!({"type": "agent", "agent_id": stranger.id}),
            "MEDIA_AGENT_NOT_FOUND",
            "agent_id",
        ),
        (
            json!({"type": "agent", "agent_id": "x"}),
            "INVALID_ID",
            "agent_id",
        ),
        (json!({"type": "video"}), "MEDIA_TYPE_INVALID", "type"),
    ] {
        for (i, medias) in [json!([media]), json!([fine, media])]
            .into_iter()
            .enumerate()
        {
            let error = attach(&alice, &chat, medias).await.refused(400, reason);
            assert_eq!(error["details"][0]["field"], format!("medias[{i}].{field}"));
        }
    }
    assert_eq!(alice.events(&chat).await, before);
}

/// MSG-13.
#[tokio::test(flavor = "multi_thread")]
async fn only_web_addresses_are_urls() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let chat = alice.chat("group", &[]).await;
    for url in [
        "",
        "e.test",
        "ftp://e.test",
        "javascript:alert(1)",
        "https://",
        "https://a b",
    ] {
        for (media, field) in [
            (json!({"type": "link", "link_url": url}), "link_url"),
            (json!({"type": "image/png", "url": url, "name": "a"}), "url"),
        ] {
            let refused = attach(&alice, &chat, json!([media])).await;
            let error = refused.refused(400, "URL_INVALID");
            assert_eq!(error["details"][0]["field"], format!("medias[0].{field}"));
        }
    }
}

/// API-18.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_carries_twenty_medias_and_not_one_more() {
    let server = Server::start().await;
    let [alice] = server.agents(["alice"]).await;
    let chat = alice.chat("group", &[]).await;
    let link = json!({"type": "link", "link_url": "https://e.test"});
    let said = attach(&alice, &chat, json!(vec![&link; 20])).await.ok();
    assert_eq!(said["medias"], json!(vec![&link; 20]));
    let too_many = json!(vec![&link; 21]);
    let changed = json!({"medias": too_many});
    let edited = alice.put(&message(&said, ""), changed).await;
    for refused in [attach(&alice, &chat, too_many.clone()).await, edited] {
        let error = refused.refused(400, "LIMIT_EXCEEDED");
        assert_eq!(error["details"], json!([{"field": "medias", "limit": 20}]));
    }
}

/// MSG-07: an edit keeps the attachments of a message, whether they still exist or not.
#[tokio::test(flavor = "multi_thread")]
async fn a_text_is_edited_though_an_attached_agent_is_gone() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let admin = server.admin().await;
    let chat = alice.chat("group", &[]).await;
    let medias = json!([{"type": "agent", "agent_id": bob.id}]);
    let said = attach(&alice, &chat, medias.clone()).await.ok();
    admin.delete(&format!("/v1.0/agents/{}", bob.id)).await.ok();
    let fixed = json!({"text": "fixed"});
    let edited = alice.put(&message(&said, ""), fixed).await.ok();
    assert_eq!(
        (&edited["text"], &edited["medias"]),
        (&json!("fixed"), &medias)
    );
    let anew = attach(&alice, &chat, medias).await;
    anew.refused(400, "MEDIA_AGENT_NOT_FOUND");
}
