//! Repeated requests over mocked repositories.

use super::*;
use crate::testing::{Scene, logs, post};
use talk_domain::kernel::idempotency::{MockIdempotencyRepository, StoredAnswer};
use talk_domain::testing::{
    a_chat, a_message, a_participant, at, chat_id, message_id, posted, stream_id,
};

const MESSAGES: &str = "/v1.0/service_agents/talk_messages";

fn body() -> String {
    format!(r#"{{"chat_id":"{}","text":"hello"}}"#, chat_id(1))
}

fn keyed(key: &str) -> actix_web::test::TestRequest {
    post(1, MESSAGES, &body()).insert_header((HEADER, key))
}

fn can_post(scene: &Scene) {
    scene.writes(|uow| {
        uow.chats.expect_lock().returning(|_| Ok(Some(a_chat())));
        uow.participants
            .expect_find()
            .returning(|_, agent| Ok(Some(a_participant(agent))));
        uow.messages.expect_insert().times(1).returning(|_| Ok(()));
        logs(uow, 1);
        uow.chats.expect_update().returning(|_| Ok(()));
    });
}

fn found(idempotency: &mut MockIdempotencyRepository, fingerprint: [u8; 32], answer: Answer) {
    idempotency.expect_find().returning(move |agent, key| {
        let (key, answer) = (key.to_owned(), answer.clone());
        Ok(Some(StoredAnswer {
            agent,
            key,
            fingerprint,
            answer,
            at: at(0),
        }))
    });
}

fn fingerprint(scene: &Scene) -> [u8; 32] {
    let secret = scene.shared.fingerprint_secret.as_bytes();
    digest(&[secret, b"POST", MESSAGES.as_bytes(), body().as_bytes()])
}

#[actix_web::test]
async fn the_answer_of_a_post_is_kept_with_its_effect() {
    let scene = Scene::new();
    can_post(&scene);
    let expected = fingerprint(&scene);
    scene.writes(|uow| {
        uow.idempotency.expect_find().returning(|_, _| Ok(None));
        let insert = uow.idempotency.expect_insert().times(1);
        insert
            .withf(move |kept| {
                kept.key == "key-12345"
                    && kept.fingerprint == expected
                    && kept.answer == Answer::Event(stream_id(1), 11)
            })
            .returning(|_| Ok(()));
    });
    let answer = scene.call(keyed("key-12345")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header(REPLAYED), "");
}

/// INT-14: the ports of intercepts and decisions are mocks too, and would panic.
#[actix_web::test]
async fn a_post_without_an_intercept_is_one_unit_of_work_that_reads_no_decision() {
    let scene = Scene::new();
    can_post(&scene);
    assert_eq!(scene.call(post(1, MESSAGES, &body())).await.status, 200);
    assert_eq!(scene.written(), ["post_message"]);
}

#[actix_web::test]
async fn a_repetition_gets_the_bytes_of_the_logged_event() {
    let scene = Scene::new();
    let expected = fingerprint(&scene);
    scene.writes(|uow| {
        found(
            &mut uow.idempotency,
            expected,
            Answer::Event(stream_id(1), 5),
        );
    });
    scene.reads(|snapshot| {
        snapshot.events.expect_get().returning(|stream, seq| {
            let frame = r#"{"type":"x","data":{"b":1, "a":"é"},"seq":5}"#;
            Ok(Some(posted(stream, seq, frame)))
        });
    });
    let answer = scene.call(keyed("key-12345")).await;
    assert_eq!(answer.body, r#"{"b":1, "a":"é"}"#);
    assert_eq!(answer.header(REPLAYED), "true");
}

#[actix_web::test]
async fn a_repetition_that_had_changed_nothing_gets_the_message_as_it_is() {
    let scene = Scene::new();
    let expected = fingerprint(&scene);
    scene.writes(|uow| {
        found(
            &mut uow.idempotency,
            expected,
            Answer::Message(message_id(1)),
        );
    });
    scene.reads(|snapshot| {
        snapshot
            .messages
            .expect_get()
            .returning(|_| Ok(Some(a_message(1))));
        snapshot
            .chats
            .expect_get()
            .returning(|_| Ok(Some(a_chat())));
        let find = snapshot.participants.expect_find().times(1);
        find.returning(|_, agent| Ok(Some(a_participant(agent))));
        // Removed meanwhile.
        let find = snapshot.participants.expect_find();
        find.returning(|_, _| Ok(None));
    });
    let answer = scene.call(keyed("key-12345")).await;
    assert_eq!(answer.body, json(&Message::from(&a_message(1))));
    let refused = scene.call(keyed("key-12345")).await.refusal();
    assert_eq!((refused.0, &*refused.1), (403, "PERMISSION_DENIED"));
}

#[actix_web::test]
async fn a_key_of_another_request_is_refused() {
    let scene = Scene::new();
    scene.writes(|uow| found(&mut uow.idempotency, [0; 32], Answer::Body(String::new())));
    let refused = scene.call(keyed("key-12345")).await;
    assert_eq!(
        (refused.status.as_u16(), refused.refusal().1),
        (422, "IDEMPOTENCY_KEY_REUSED".into())
    );
}

#[actix_web::test]
async fn a_malformed_key_is_refused() {
    let too_long = "x".repeat(256);
    for key in ["short", "with a space", &too_long] {
        let refused = Scene::new().call(keyed(key)).await;
        assert_eq!(refused.refusal().1, "IDEMPOTENCY_KEY_INVALID", "{key}");
    }
}

#[actix_web::test]
async fn without_a_key_nothing_is_kept() {
    let scene = Scene::new();
    can_post(&scene);
    assert_eq!(scene.call(post(1, MESSAGES, &body())).await.status, 200);
}
