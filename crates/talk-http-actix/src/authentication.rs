//! Authentication of tokens and access keys.

use std::time::Instant;

use actix_web::HttpRequest;
use talk_domain::identity::session::Credential;
use talk_domain::identity::session::authenticate::authenticate as authenticate_credential;
use talk_domain::kernel::context::Actor;
use talk_domain::kernel::store::Unit;

use crate::actor_cache::Session;
use crate::api_error::ApiError;
use crate::credentials::presented;
use crate::digest::digest;
use crate::shared::Shared;

/// Authenticates a request. Returns the agent and the credential.
///
/// # Errors
/// If it has no token, or an invalid one.
pub(crate) async fn authenticate(
    shared: &Shared,
    request: &HttpRequest,
) -> Result<(Actor, Session), ApiError> {
    let token = presented(request)?;
    let (digest, now, since) = (
        digest(&[token.as_bytes()]),
        (shared.api.clock)(),
        Instant::now(),
    );
    if let Some(known) = shared.actors.get(&digest, now) {
        return Ok(known);
    }
    let (actor, session) = look_up(shared, &token).await?;
    shared.actors.put(digest, actor, session, since);
    Ok((actor, session))
}

/// Looks a token up in the store.
///
/// # Errors
/// If it is invalid.
pub(crate) async fn look_up(shared: &Shared, token: &str) -> Result<(Actor, Session), ApiError> {
    let (store, now) = (&*shared.api.store, (shared.api.clock)());
    let credential = match shared.api.tokens.key_hash(token) {
        Some(hash) => Credential::Key(hash),
        None => Credential::Token(shared.api.tokens.verify(token, now)?),
    };
    let read = store.read(Unit::installation("authenticate"), move |snapshot| {
        authenticate_credential(snapshot.directory(), &credential, now)
    });
    let found = read.await?;
    let session = Session {
        credential,
        expires: found.expires,
    };
    Ok((found.actor, session))
}

#[cfg(test)]
mod tests {
    use crate::testing::{Scene, get, post};
    use actix_web::test::TestRequest;
    use talk_domain::identity::access_key::AccessKey;
    use talk_domain::kernel::id::AccessKeyId;
    use talk_domain::testing::{agent_id, an_agent, at, customer_id};
    use uuid::Uuid;

    const ME: &str = "/v1.0/service_agents/me";

    fn shows_agents(scene: &Scene) {
        scene.reads(|snapshot| {
            let agents = snapshot.agents.expect_get();
            agents.returning(|id| Ok([an_agent(1), an_agent(2)].into_iter().find(|a| a.id == id)));
        });
    }

    #[actix_web::test]
    async fn a_token_is_accepted_in_any_place() {
        let scene = Scene::new();
        shows_agents(&scene);
        for request in [
            get(1, ME),
            TestRequest::get().uri("/v1.0/service_agents/me?token=t-1"),
            TestRequest::get().uri("/v1.0/service_agents/me?accesskey=t-1"),
        ] {
            assert_eq!(scene.call(request).await.json()["username"], "agent-1");
        }
        assert_eq!(scene.call(get(2, ME)).await.json()["username"], "agent-2");
    }

    #[actix_web::test]
    async fn an_access_key_acts_as_its_agent_until_it_expires() {
        for (expires, status) in [(None, 200), (Some(at(1_000_000)), 401)] {
            let scene = Scene::new();
            shows_agents(&scene);
            scene.reads(|snapshot| {
                snapshot.directory.expect_key().returning(move |hash| {
                    Ok(Some(AccessKey {
                        id: AccessKeyId(Uuid::nil()),
                        customer: customer_id(),
                        agent: agent_id(2),
                        name: String::new(),
                        detail: String::new(),
                        hash: *hash,
                        prefix: String::new(),
                        is_derived: false,
                        expires,
                        created: at(0),
                        updated: at(0),
                        deleted: None,
                    }))
                });
            });
            let request = TestRequest::get()
                .uri(ME)
                .insert_header(("authorization", "Bearer vb_1"));
            assert_eq!(scene.call(request).await.status, status);
        }
    }

    #[actix_web::test]
    async fn nobody_is_let_in_without_a_good_token_whatever_else_is_wrong() {
        let scene = Scene::new();
        let bad = TestRequest::post()
            .uri("/v1.0/service_agents/talk_messages")
            .set_payload("{");
        let refused = scene.call(bad).await;
        assert_eq!(refused.refusal().1, "AUTHENTICATION_REQUIRED");
        assert_eq!(refused.header("www-authenticate"), "Bearer");
        let garbage = get(1, ME).insert_header(("authorization", "Bearer garbage"));
        assert_eq!(scene.call(garbage).await.refusal().1, "TOKEN_INVALID");
        let unknown = post(5, "/v1.0/service_agents/talk_messages", "{");
        assert_eq!(scene.call(unknown).await.refusal().1, "TOKEN_REVOKED");
    }

    #[actix_web::test]
    async fn a_token_is_looked_up_once_in_a_while_and_anew_after_a_revocation() {
        // Four without a cache; three if the machine paused for long.
        let scene = Scene::empty();
        shows_agents(&scene);
        scene.reads(|snapshot| {
            snapshot
                .directory
                .expect_is_revoked()
                .times(2..=3)
                .returning(|_| Ok(false));
            snapshot
                .directory
                .expect_agent()
                .times(2..=3)
                .returning(|_| Ok(Some(an_agent(1))));
        });
        for _ in 0..3 {
            assert_eq!(scene.call(get(1, ME)).await.status, 200);
        }
        scene.shared.actors.clear();
        assert_eq!(scene.call(get(1, ME)).await.status, 200);
    }

    #[actix_web::test]
    async fn only_administrators_change_agents() {
        let refused = Scene::new().call(post(1, "/v1.0/agents", "{}")).await;
        assert_eq!(refused.refusal().1, "PERMISSION_DENIED");
        let refused = Scene::new().call(post(9, "/v1.0/agents", "{}")).await;
        assert_eq!(refused.refusal().1, "USERNAME_REQUIRED");
    }

    #[actix_web::test]
    async fn a_malformed_id_in_the_path_is_named() {
        for id in ["7", "%00", "%ff", "e8b2e976f04344c8bb89e214e225e813"] {
            let uri = format!("/v1.0/service_agents/talk_chats/{id}");
            let refused = Scene::new().call(get(1, &uri)).await.refusal();
            assert_eq!(
                refused,
                (400, "INVALID_ID".to_owned(), "chat_id".to_owned())
            );
        }
    }
}
