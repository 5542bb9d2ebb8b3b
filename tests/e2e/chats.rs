//! Chats: creating, closing, reopening, deleting.

use serde_json::json;

use crate::support::Server;
use crate::support::client::path;

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_comes_with_its_creator_and_everybody_named() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    assert_eq!(
        (&chat["type"], &chat["member_count"]),
        (&json!("group"), &json!(2))
    );
    assert_eq!(
        (&chat["status"], &chat["tm_delete"]),
        (&json!("active"), &json!(""))
    );
    assert_eq!(bob.get(&path(&chat, "")).await.ok(), chat);
}
