//! Presence of agents.

use serde_json::{Value, json};

use talk_testkit::harness::{Client, Server, Socket};

async fn presence(client: &Client, agents: &[&Client]) -> Vec<Value> {
    let ids: Vec<_> = agents.iter().map(|agent| agent.id.as_str()).collect();
    let path = format!(
        "/v1.0/service_agents/talk_presence?agent_ids={}",
        ids.join(",")
    );
    client.get(&path).await.rows()
}

async fn told(socket: &mut Socket) -> Value {
    socket.shows_presence = true;
    socket.answer("agent_presence").await["data"].clone()
}

/// WS-18.
#[tokio::test(flavor = "multi_thread")]
async fn an_agent_is_online_while_it_has_a_socket() {
    let server = Server::start().await;
    let [alice, bob, carol] = server.agents(["alice", "bob", "carol"]).await;
    alice.chat("group", &[&bob]).await;
    let mut watching = Socket::subscribed(&alice).await;
    let mut outsider = Socket::subscribed(&carol).await;
    let is = |agent: &Client, status: &str| json!({"agent_id": agent.id, "status": status});
    assert_eq!(
        presence(&alice, &[&alice, &bob]).await,
        [is(&alice, "online"), is(&bob, "offline")]
    );
    let socket = Socket::subscribed(&bob).await;
    assert_eq!(told(&mut watching).await, is(&bob, "online"));
    assert_eq!(presence(&carol, &[&bob]).await, [is(&bob, "online")]);
    socket.close().await;
    assert_eq!(told(&mut watching).await, is(&bob, "offline"));
    assert_eq!(presence(&alice, &[&bob]).await, [is(&bob, "offline")]);
    outsider.nothing_else().await;
}

/// WS-18.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_learns_of_agents_of_another_customer() {
    let server = Server::start().await;
    let (_, [alice]) = server.customer("a", ["alice"]).await;
    let (_, [mallory]) = server.customer("b", ["mallory"]).await;
    assert!(presence(&mallory, &[&alice]).await.is_empty());
    for (ids, reason) in [("", "AGENT_IDS_REQUIRED"), ("7", "INVALID_ID")] {
        let path = format!("/v1.0/service_agents/talk_presence?agent_ids={ids}");
        let refused = alice.get(&path).await.refused(400, reason);
        assert_eq!(refused["details"][0]["field"], "agent_ids");
    }
}
