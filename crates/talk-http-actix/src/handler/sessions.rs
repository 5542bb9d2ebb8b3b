//! `/auth/login` and `/auth/logout`.

pub(super) mod docs;

use actix_web::{HttpRequest, HttpResponse, web};
use talk_domain::agent::{Agent, PasswordHash};
use talk_domain::context::IdSource;
use talk_domain::error::ErrorKind;
use talk_domain::session::Credential;
use talk_domain::session::logout::logout as end;
use talk_domain::store::{StoreError, Unit};
use talk_wire::request::{Login, LoginAnswer};

use crate::api_error::ApiError;
use crate::body::Body;
use crate::caller::{Caller, Reply, ok};
use crate::rate::HEAVY;
use crate::shared::Shared;
use crate::status::Status;

/// A wrong user and a wrong password look and cost the same.
pub(crate) async fn login(shared: web::Data<Shared>, request: HttpRequest, body: Body) -> Reply {
    let Login { username, password } = body.login().await?.json()?;
    shared.limiter.charge_address(&request, HEAVY).await?;
    let now = (shared.api.clock)();
    shared.throttle.check(&username, now)?;
    let found = account(&shared, username.clone()).await?;
    let stored = found.as_ref().map(|(_, stored)| stored.clone());
    let is_right = shared.api.passwords.verify(password, stored).await?;
    // Guesses that were under way together count one after the other.
    shared.throttle.check(&username, now)?;
    let agent = found.map(|(agent, _)| agent).filter(Agent::is_active);
    let Some(agent) = agent.filter(|_| is_right) else {
        shared.throttle.fail(&username, now);
        return Err(ApiError::new(
            Status::UNAUTHENTICATED,
            "INVALID_CREDENTIALS",
            "the username or the password is wrong",
        ));
    };
    shared.throttle.succeed(&username);
    let now = (shared.api.clock)();
    let id = IdSource::new(now, (shared.api.random)()).fresh().into();
    let (token, _) = shared.api.tokens.issue(&agent, id, now)?;
    let username = agent.username;
    Ok(ok(&LoginAnswer { username, token }))
}

async fn account(
    shared: &Shared,
    username: String,
) -> Result<Option<(Agent, PasswordHash)>, ApiError> {
    let read = shared
        .api
        .store
        .read(Unit::installation("login"), move |snapshot| {
            snapshot.directory().login(&username)
        });
    let found: Result<_, StoreError> = read.await;
    Ok(found?)
}

/// Ends the token it is called with.
pub(crate) async fn logout(caller: Caller, body: Body) -> Reply {
    body.login().await?.check_unneeded()?;
    let Credential::Token(token) = caller.session.credential else {
        return Err(ApiError::new(
            Status::Domain(ErrorKind::FailedPrecondition),
            "NOT_A_LOGIN_TOKEN",
            "an access key does not log out; delete it instead",
        ));
    };
    let token = (token.id(), token.expires());
    let write = caller.write("logout", move |uow, cx| {
        end(uow, (cx.actor.agent, cx.now), token)
    });
    write.await?;
    caller.shared.actors.clear();
    Ok(HttpResponse::Ok()
        .content_type("application/json")
        .body("{}"))
}

#[cfg(test)]
mod tests {
    use crate::testing::{Answer, Scene, post};
    use actix_web::test::TestRequest;
    use talk_domain::agent::{AgentStatus, PasswordHash};
    use talk_domain::id::TokenId;
    use talk_domain::testing::an_agent;
    use uuid::Uuid;

    /// Agents 1 and 2 log in with "right"; agent 2 is disabled.
    fn scene() -> Scene {
        let scene = Scene::new();
        scene.reads(|snapshot| {
            snapshot.directory.expect_login().returning(|username| {
                let mut disabled = an_agent(2);
                disabled.status = AgentStatus::Disabled;
                let mut agents = [an_agent(1), disabled].into_iter();
                let agent = agents.find(|agent| agent.username == username);
                Ok(agent.map(|agent| (agent, PasswordHash("right".into()))))
            });
        });
        scene
    }

    async fn login(scene: &Scene, username: &str, password: &str) -> Answer {
        let body = format!(r#"{{"username":"{username}","password":"{password}"}}"#);
        scene
            .call(TestRequest::post().uri("/auth/login").set_payload(body))
            .await
    }

    #[actix_web::test]
    async fn the_right_password_is_worth_a_token() {
        let answer = login(&scene(), "agent-1", "right").await;
        assert_eq!(
            answer.body,
            r#"{"username":"agent-1","token":"issued-agent-1"}"#
        );
    }

    #[actix_web::test]
    async fn every_failed_login_looks_the_same() {
        let scene = scene();
        let wrong = login(&scene, "agent-1", "wrong").await;
        assert_eq!(
            (wrong.status.as_u16(), wrong.refusal().1),
            (401, "INVALID_CREDENTIALS".into())
        );
        for (username, password) in [("nobody", "right"), ("agent-2", "right"), ("", "")] {
            assert_eq!(login(&scene, username, password).await.body, wrong.body);
        }
    }

    #[actix_web::test]
    async fn after_ten_failures_even_the_right_password_waits() {
        let scene = scene();
        for _ in 0..10 {
            assert_eq!(login(&scene, "agent-1", "wrong").await.status, 401);
        }
        let refused = login(&scene, "agent-1", "right").await;
        assert_eq!(refused.refusal().1, "TOO_MANY_LOGIN_ATTEMPTS");
        assert_eq!(
            (refused.status.as_u16(), refused.header("retry-after")),
            (429, "600")
        );
    }

    #[actix_web::test]
    async fn logging_out_revokes_the_token_and_forgets_it_at_once() {
        let scene = Scene::new();
        scene.writes(|uow| {
            let revoke = uow.sessions.expect_revoke().times(1);
            revoke
                .withf(|token, _| *token == TokenId(Uuid::from_u128(1)))
                .returning(|_, _| Ok(()));
            uow.sessions.expect_end().times(1).returning(|_, _| Ok(()));
        });
        assert_eq!(scene.call(post(1, "/auth/logout", "")).await.body, "{}");
        scene.reads(|snapshot| {
            snapshot.directory.checkpoint();
            snapshot
                .directory
                .expect_agent()
                .returning(|_| Ok(Some(an_agent(1))));
            snapshot
                .directory
                .expect_is_revoked()
                .returning(|_| Ok(true));
        });
        assert_eq!(
            scene.call(post(1, "/auth/logout", "")).await.refusal().1,
            "TOKEN_REVOKED"
        );
    }
}
