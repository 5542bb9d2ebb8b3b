//! Tests of rate limits over HTTP; the arithmetic is tested beside the buckets.

use super::limiter::SIZE_STEP;
use super::*;
use crate::testing::{Answer, Scene, get, post, request};
use actix_web::http::Method;
use actix_web::test::TestRequest;
use talk_domain::testing::an_agent;

/// Does not refill during a test.
const fn once(burst: u32) -> Rate {
    Rate {
        per_second: 1,
        burst,
    }
}

fn scene(rates: Rates) -> Scene {
    let scene = Scene::with_rates(rates);
    scene.reads(|snapshot| {
        let me = snapshot.agents.expect_get();
        me.returning(|_| Ok(Some(an_agent(1))));
    });
    scene
}

async fn me(scene: &Scene, agent: u128) -> Answer {
    scene.call(get(agent, "/v1.0/service_agents/me")).await
}

/// Case 43.
#[actix_web::test]
async fn an_agent_over_its_rate_is_refused_with_the_time_to_retry_and_others_are_served() {
    let rates = Rates {
        agent: once(3),
        ..Rates::OF_TESTS
    };
    let scene = scene(rates);
    for _ in 0..3 {
        assert_eq!(me(&scene, 1).await.status, 200);
    }
    let refused = me(&scene, 1).await;
    assert_eq!(refused.refusal().1, "RATE_LIMITED");
    assert_eq!(refused.json()["error"]["status"], "RESOURCE_EXHAUSTED");
    assert_eq!(
        (refused.status.as_u16(), refused.header("retry-after")),
        (429, "1")
    );
    assert_eq!(me(&scene, 2).await.status, 200);
}

#[actix_web::test]
async fn the_agents_of_a_customer_share_its_bucket() {
    let rates = Rates {
        customer: once(2),
        ..Rates::OF_TESTS
    };
    let scene = scene(rates);
    assert_eq!(me(&scene, 1).await.status, 200);
    assert_eq!(me(&scene, 2).await.status, 200);
    assert_eq!(me(&scene, 9).await.refusal().1, "RATE_LIMITED");
}

#[actix_web::test]
async fn an_address_is_limited_with_any_token_and_any_answer() {
    let rates = Rates {
        address: once(3),
        ..Rates::OF_TESTS
    };
    let scene = scene(rates);
    let from = |peer: &str, request: TestRequest| {
        request.peer_addr(format!("{peer}:4711").parse().unwrap())
    };
    let bad_token = || get(1, "/").insert_header(("authorization", "Bearer none"));
    let unknown = from("192.0.2.1", bad_token());
    assert_eq!(scene.call(unknown).await.status, 404);
    let anonymous = TestRequest::get().uri("/v1.0/agents");
    assert_eq!(scene.call(from("192.0.2.1", anonymous)).await.status, 401);
    let health = || TestRequest::get().uri("/healthz");
    assert_eq!(scene.call(from("192.0.2.1", health())).await.status, 200);
    let refused = scene.call(from("192.0.2.1", health())).await;
    assert_eq!(refused.refusal().1, "RATE_LIMITED");
    assert_eq!(refused.header("x-request-id").len(), 32);
    assert_eq!(scene.call(from("192.0.2.2", health())).await.status, 200);
}

/// Case 43: costs are counted by work.
#[actix_web::test]
async fn a_large_body_costs_more_than_a_small_one_also_when_it_is_refused() {
    let rates = Rates {
        agent: once(4),
        ..Rates::OF_TESTS
    };
    let scene = scene(rates);
    // Without a length, like a chunked body; `set_payload` sets one.
    let large = request(1, Method::POST, "/v1.0/service_agents/talk_chats")
        .set_payload("x".repeat(3 * SIZE_STEP))
        .insert_header(("content-length", 0_usize));
    assert_eq!(scene.call(large).await.status, 413);
    assert_eq!(me(&scene, 1).await.refusal().1, "RATE_LIMITED");
}

/// Case 43: creating a chat costs its members, before anything is written.
#[actix_web::test]
async fn chats_of_many_members_cost_their_members() {
    let rates = Rates {
        agent: once(3),
        ..Rates::OF_TESTS
    };
    let scene = scene(rates);
    let owner = |n: u128| format!(r#"{{"owner_type":"agent","owner_id":"{}"}}"#, uuid(n));
    let members: Vec<_> = (1..=8).map(owner).collect();
    let body = format!(
        r#"{{"type":"group","participants":[{}]}}"#,
        members.join(",")
    );
    scene.writes(|uow| {
        let agent = uow.agents.expect_get().times(1);
        agent.returning(|_| Ok(None));
    });
    let create = || post(1, "/v1.0/service_agents/talk_chats", &body);
    assert_eq!(scene.call(create()).await.refusal().1, "AGENT_NOT_FOUND");
    assert_eq!(scene.call(create()).await.refusal().1, "RATE_LIMITED");
}

fn uuid(n: u128) -> uuid::Uuid {
    uuid::Uuid::from_u128(n)
}
