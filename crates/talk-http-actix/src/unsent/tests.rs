//! Tests of bodies in pieces.

use std::task::Waker;

use super::*;
use actix_web::HttpResponse;
use actix_web::test::TestRequest;
use talk_domain::testing::{actor, agent_id};

const LIMITS: UnsentLimits = UnsentLimits {
    total: 300_000,
    per_customer: 200_000,
    per_agent: 100_000,
};

fn answer(n: u128, method: Method, bytes: usize) -> ServiceResponse {
    let request = TestRequest::default().method(method).to_http_request();
    request.extensions_mut().insert(actor(agent_id(n)));
    let response = HttpResponse::Ok().body("x".repeat(bytes));
    ServiceResponse::new(request, response)
}

fn read(n: u128, bytes: usize) -> ServiceResponse {
    answer(n, Method::GET, bytes)
}

fn next(body: &mut BoxBody) -> Option<Bytes> {
    let mut cx = Context::from_waker(Waker::noop());
    match Pin::new(body).poll_next(&mut cx) {
        Poll::Ready(piece) => piece.map(Result::unwrap),
        Poll::Pending => panic!("a body of bytes never waits"),
    }
}

fn refusal(refused: ServiceResponse) -> String {
    assert_eq!(refused.status(), 503);
    assert!(refused.headers().contains_key("retry-after"));
    let body = refused.into_body().try_into_bytes().unwrap();
    let body = String::from_utf8(body.to_vec()).unwrap();
    assert!(body.contains(r#""reason":"BUSY""#), "{body}");
    body
}

#[test]
fn a_long_answer_is_handed_over_in_pieces_and_whole() {
    let unsent = Unsent::new(LIMITS);
    let mut body = unsent.count(read(1, 50_000), "r").into_body();
    assert_eq!(body.size(), BodySize::Sized(50_000));
    let mut taken = 0;
    while let Some(piece) = next(&mut body) {
        assert!((1..=PIECE).contains(&piece.len()));
        taken += piece.len();
    }
    assert_eq!(taken, 50_000);
}

/// Case 45.
#[test]
fn an_answer_counts_until_its_connection_drops_it() {
    let unsent = Unsent::new(LIMITS);
    let mut body = unsent.count(read(1, 60_000), "r").into_body();
    next(&mut body);
    assert_eq!(unsent.total(), 60_000);
    drop(body);
    assert_eq!(unsent.total(), 0);
    // A client that disconnects before the answer.
    drop(unsent.count(read(1, 60_000), "r"));
    assert_eq!(unsent.total(), 0);
}

/// Case 45 and API-12.
#[test]
fn who_reads_no_answers_gets_no_more_and_the_others_do() {
    let unsent = Unsent::new(LIMITS);
    let _first = unsent.count(read(1, 60_000), "r");
    let whose = refusal(unsent.count(read(1, 60_000), "r"));
    assert!(whose.contains("agent"), "{whose}");
    let _second = unsent.count(read(2, 100_000), "r");
    let whose = refusal(unsent.count(read(3, 60_000), "r"));
    assert!(whose.contains("customer"), "{whose}");
    assert!(unsent.check(actor(agent_id(2))).is_err());
    assert!(unsent.check(actor(agent_id(1))).is_ok());
}

#[test]
fn a_change_is_answered_also_when_too_much_waits() {
    let unsent = Unsent::new(LIMITS);
    let _full = unsent.count(read(1, 100_000), "r");
    let answered = unsent.count(answer(1, Method::POST, 60_000), "r");
    assert_eq!(unsent.total(), 160_000);
    drop(answered);
}

#[test]
fn short_answers_and_shared_files_do_not_count() {
    let unsent = Unsent::new(LIMITS);
    let _short = unsent.count(read(1, PIECE), "r");
    let mut file = shared(Bytes::from(vec![b'x'; PIECE + 1]));
    assert_eq!(next(&mut file).map(|piece| piece.len()), Some(PIECE));
    assert_eq!(unsent.total(), 0);
}
