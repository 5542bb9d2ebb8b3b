//! Agents answer people outside by the client library, as `talk` does.

use talk_client::{Client, ClientError, Upload};
use talk_testkit::harness::{self, Server};

use super::{of, said, seen, visitor, web_chat, write};

fn library(of: &harness::Client) -> Client {
    Client::with_token(of.url(), of.token()).expect("a client")
}

/// CONV-72.
#[tokio::test(flavor = "multi_thread")]
async fn an_agent_deletes_an_answer_by_the_client_library() {
    let server = Server::start().await;
    let (admin, [bob]) = (server.admin().await, server.agents(["bob"]).await);
    let account = web_chat(&admin, &[]).await;
    let jo = visitor(&server, &account).await;
    write(&jo, &account, (1, "Hello?")).await.ok();
    let [admin, bob] = [&admin, &bob].map(library);
    let one = admin.conversations().all().await.expect("a list").remove(0);
    let slip = admin.answer(&one.id, "A slip").await.expect("an answer");
    let refused = bob.delete_answer(&one.id, &slip.id).await;
    assert_eq!(
        refused.expect_err("a refusal").reason(),
        Some("PERMISSION_DENIED")
    );
    let gone = admin.delete_answer(&one.id, &slip.id).await;
    let gone = gone.expect("a tombstone");
    assert_eq!((&gone.id, &*gone.text), (&slip.id, ""));
    let left = [said("incoming", "Hello?"), said("outgoing", "")];
    assert_eq!(seen(&jo, &account, 0).await, left);
}

/// CONV-07, CONV-08 and CONV-10.
#[tokio::test(flavor = "multi_thread")]
async fn an_agent_claims_and_answers_by_the_client_library() {
    let server = Server::start().await;
    let (admin, [alice, bob]) = (server.admin().await, server.agents(["alice", "bob"]).await);
    let account = web_chat(&admin, &[]).await;
    let jo = visitor(&server, &account).await;
    write(&jo, &account, (1, "Hello?")).await.ok();
    let [alice, bob] = [&alice, &bob].map(library);
    let own = alice.conversations().all().await.expect("a list");
    assert!(own.is_empty());
    let unowned = alice.conversations().owned_by("none").all().await;
    let unowned = unowned.expect("a list");
    let claimed = alice.claim(&unowned[0].id).await.expect("a claim");
    let late = bob.claim(&claimed.id).await.expect_err("a refusal");
    assert_eq!(late.reason(), Some("OWNER_CHANGED"));
    let answered = alice.answer(&claimed.id, "Hi").await.expect("an answer");
    assert_eq!(answered.conversation_id, claimed.id);
    let expected = [said("incoming", "Hello?"), said("outgoing", "Hi")];
    assert_eq!(seen(&jo, &account, 0).await, expected);
    let own = alice.conversations().in_state("active").all().await;
    let own = own.expect("a list");
    assert_eq!(own.len(), 1);
    let shown = alice.conversation(&claimed.id).await.expect("one");
    assert_eq!(shown, own[0]);
    let refused = alice.answer(&account["id"].to_string(), "Hi").await;
    assert!(matches!(refused, Err(ClientError::Refused { .. })));
    let accounts = library(&admin).conversation_accounts().all().await;
    assert_eq!(accounts.expect("a list").len(), 1);
    let hidden = alice.conversation_accounts().all().await;
    assert_eq!(
        hidden.expect_err("a refusal").reason(),
        Some("PERMISSION_DENIED")
    );
}

/// CONV-71 and CONV-73: files go both ways.
#[tokio::test(flavor = "multi_thread")]
async fn an_agent_answers_with_files_by_the_client_library() {
    let server = Server::start().await;
    let admin = server.admin().await;
    let account = web_chat(&admin, &[]).await;
    let jo = visitor(&server, &account).await;
    write(&jo, &account, (1, "Your prices?")).await.ok();
    let admin = library(&admin);
    let one = admin.conversations().all().await.expect("a list").remove(0);
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("prices.txt");
    std::fs::write(&path, "all free").expect("a file");
    let file = admin.upload(Upload::of(&path)).await.expect("an upload");
    let said = admin.answer_with_files(&one.id, "", &[&file.id]).await;
    let said = said.expect("an answer");
    assert_eq!(
        (&*said.medias[0].file_id, &*said.medias[0].filename),
        (&*file.id, "prices.txt")
    );
    let shown = jo.get(&of(&account, "messages")).await.ok();
    let link = shown["result"][1]["medias"][0]["url"].as_str();
    let bytes = server.anonymous().get(link.expect("a link")).await;
    assert_eq!(bytes.body, "all free");
    let unknown = admin.answer_with_files(&one.id, "", &[&one.id]).await;
    assert_eq!(
        unknown.expect_err("a refusal").reason(),
        Some("MEDIA_FILE_NOT_FOUND")
    );
}
