//! Direct chats: one per pair, never a third member.

use serde_json::{Value, json};

use talk_testkit::harness::client::path;
use talk_testkit::harness::{Client, Server};

async fn leave(chat: &Value, leaver: &Client) {
    let own = leaver.participant(chat, leaver).await;
    leaver.remove(chat, &own.expect("a participant")).await.ok();
}

/// Alice's and Bob's chat, with both in it.
async fn both_are_in(alice: &Client, bob: &Client, chat: &Value) {
    let now = alice.get(&path(chat, "")).await.ok();
    assert_eq!(
        (&now["status"], &now["member_count"]),
        (&json!("active"), &json!(2))
    );
    for agent in [alice, bob] {
        agent.participant(chat, agent).await.expect("a participant");
        agent.say(chat, "hello").await;
    }
}

/// CHAT-04 and case 1.
#[tokio::test(flavor = "multi_thread")]
async fn a_pair_has_one_direct_chat_from_either_side() {
    let server = Server::start().await;
    let [alice, bob, carol] = server.agents(["alice", "bob", "carol"]).await;
    let chat = alice.chat("direct", &[&bob]).await;
    let before = alice.events(&chat).await;
    for (asks, with) in [(&alice, &bob), (&bob, &alice)] {
        assert_eq!(asks.chat("direct", &[with]).await, chat);
    }
    assert_eq!(alice.events(&chat).await, before, "no change, no event");
    assert_ne!(alice.chat("direct", &[&carol]).await["id"], chat["id"]);
    assert_ne!(carol.chat("direct", &[&bob]).await["id"], chat["id"]);
}

/// CHAT-04, S-075 and case 1.
#[tokio::test(flavor = "multi_thread")]
async fn a_direct_chat_one_or_both_left_is_resumed_with_both() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("direct", &[&bob]).await;
    for leavers in [&[&alice][..], &[&bob], &[&alice, &bob]] {
        for (asks, with) in [(&alice, &bob), (&bob, &alice)] {
            for leaver in leavers {
                leave(&chat, leaver).await;
            }
            assert_eq!(asks.chat("direct", &[with]).await["id"], chat["id"]);
            both_are_in(&alice, &bob, &chat).await;
        }
    }
}

/// CHAT-04.
#[tokio::test(flavor = "multi_thread")]
async fn a_closed_direct_chat_is_reopened_and_a_deleted_one_is_not() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("direct", &[&bob]).await;
    bob.post(&path(&chat, "/close"), json!({})).await.ok();
    assert_eq!(bob.chat("direct", &[&alice]).await["id"], chat["id"]);
    both_are_in(&alice, &bob, &chat).await;
    alice.delete(&path(&chat, "")).await.ok();
    let new = bob.chat("direct", &[&alice]).await;
    assert_ne!(new["id"], chat["id"]);
    both_are_in(&alice, &bob, &new).await;
    assert_eq!(alice.chat("direct", &[&bob]).await["id"], new["id"]);
    alice
        .get(&path(&chat, ""))
        .await
        .refused(404, "CHAT_NOT_FOUND");
}

/// CHAT-04 and case 7.
#[tokio::test(flavor = "multi_thread")]
async fn a_direct_chat_is_of_exactly_two() {
    let server = Server::start().await;
    let [alice, bob, carol] = server.agents(["alice", "bob", "carol"]).await;
    for others in [&[][..], &[&alice], &[&bob, &carol], &[&alice, &bob, &carol]] {
        let refused = alice.try_chat("direct", others).await;
        refused.refused(400, "DIRECT_CHAT_NEEDS_ONE_OTHER");
    }
    let none = alice.get("/v1.0/service_agents/talk_chats").await;
    assert_eq!(none.rows(), [] as [Value; 0]);
    let chat = alice.chat("direct", &[&bob]).await;
    alice
        .add(&chat, &carol)
        .await
        .refused(409, "DIRECT_CHAT_FULL");
    leave(&chat, &bob).await;
    alice
        .add(&chat, &carol)
        .await
        .refused(409, "DIRECT_CHAT_FULL");
    alice.add(&chat, &bob).await.ok();
    both_are_in(&alice, &bob, &chat).await;
}

/// CHAT-15.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_put_out_of_a_direct_chat_by_the_other() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("direct", &[&bob]).await;
    let bobs = alice.participant(&chat, &bob).await.expect("a participant");
    alice
        .remove(&chat, &bobs)
        .await
        .refused(403, "PERMISSION_DENIED");
    both_are_in(&alice, &bob, &chat).await;
    assert_eq!(bob.remove(&chat, &bobs).await.ok(), bobs);
}

/// The chat is there as long as nobody has to be brought back into it.
#[tokio::test(flavor = "multi_thread")]
async fn a_chat_with_a_disabled_agent_is_still_the_pairs_chat() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let admin = server.admin().await;
    let chat = alice.chat("direct", &[&bob]).await;
    let disable = json!({"status": "disabled"});
    admin
        .put(&format!("/v1.0/agents/{}", bob.id), disable)
        .await
        .ok();
    assert_eq!(alice.chat("direct", &[&bob]).await["id"], chat["id"]);
    let member = alice.participant(&chat, &alice).await.expect("a member");
    alice.remove(&chat, &member).await.ok();
    assert_eq!(alice.chat("direct", &[&bob]).await["id"], chat["id"]);
}
