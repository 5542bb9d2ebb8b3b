//! `/auth/login` and `/auth/logout`.

use actix_web::http::Method;
use actix_web::{HttpRequest, web};
use talk_domain::identity::agent::{Agent, PasswordHash};
use talk_domain::identity::credentials::PasswordMatch;
use talk_domain::identity::session::Credential;
use talk_domain::identity::session::logout::logout as end;
use talk_domain::kernel::context::IdSource;
use talk_domain::kernel::error::ErrorKind;
use talk_domain::kernel::store::Unit;
use talk_domain::kernel::store_error::StoreError;
use talk_wire::request::{Login, LoginAnswer};

use crate::address::ClientAddress;
use crate::api_error::ApiError;
use crate::body::{Body, LoginSize, NoBody};
use crate::caller::{Caller, ok};
use crate::endpoint::{Answer, Endpoint, JsonResponse};
use crate::password_renewal::renew_password;
use crate::rate::HEAVY;
use crate::shared::Shared;
use crate::status::Status;
use crate::throttle::{Account, Attempt};

pub(super) fn rows() -> Vec<Endpoint> {
    let request = Login {
        username: "alice".to_owned(),
        password: "talk-demo".to_owned(),
    };
    vec![
        Endpoint::new(Method::POST, "/auth/login", login)
            .named("login", "Logs in")
            .reasons(&["INVALID_CREDENTIALS", "TOO_MANY_LOGIN_ATTEMPTS"])
            .sends("alice", &request),
        Endpoint::new(Method::POST, "/auth/logout", logout)
            .named("logout", "Logs out")
            .about("Ends the token the request shows, and its sockets.")
            .reasons(&["NOT_A_LOGIN_TOKEN"]),
    ]
}

/// An unknown username and a wrong password have the same answer at the same cost.
async fn login(
    shared: web::Data<Shared>,
    request: HttpRequest,
    body: Body<Login, LoginSize>,
) -> Answer<LoginAnswer> {
    let Login { username, password } = body.value;
    check_given("username", &username)?;
    check_given("password", &password)?;
    shared.limiter.charge_address(&request, HEAVY).await?;
    let client = ClientAddress::of(&request);
    let found = account(&shared, username.clone()).await?;
    let known = found.as_ref().map(|(agent, _)| agent.id);
    let attempt = Attempt::new(Account::of(known, &username), client);
    shared.throttle.check(attempt, (shared.api.clock)())?;
    let stored = found.as_ref().map(|(_, stored)| stored.clone());
    let turn = shared.hashing.turn(client).await?;
    let passwords = &shared.api.passwords;
    let verified = passwords.verify(password.clone(), stored.clone()).await?;
    drop(turn);
    let now = (shared.api.clock)();
    // Checked again, since concurrent attempts may have failed meanwhile.
    shared.throttle.check(attempt, now)?;
    let account = found.map(|(agent, _)| agent);
    let agent = account
        .as_ref()
        .filter(|agent| verified.is_right() && agent.is_active());
    let Some(agent) = agent else {
        shared.throttle.fail(attempt, now);
        log_failure(account.as_ref(), client);
        let message = "the username or the password is wrong";
        let refused = ApiError::new(Status::UNAUTHENTICATED, "INVALID_CREDENTIALS", message);
        return Err(refused.into());
    };
    shared.throttle.succeed(attempt);
    if let (PasswordMatch::RightBeforeNormalization, Some(stored)) = (verified, stored) {
        renew_password(&shared, agent, (password, stored)).await;
    }
    let id = IdSource::new(now, (shared.api.random)()).fresh().into();
    let (token, _) = shared.api.tokens.issue(agent, id, now)?;
    let username = agent.username.clone();
    Ok(ok(&LoginAnswer { username, token }))
}

/// Refuses a login without one of its fields. It does not count as a failed login.
fn check_given(field: &str, value: &str) -> Result<(), ApiError> {
    if value.is_empty() {
        return Err(ApiError::invalid(field, "FIELD_REQUIRED", "must be given"));
    }
    Ok(())
}

/// Logs a failed login. An unknown username is not logged, since it may be a password typed into
/// the wrong field.
fn log_failure(account: Option<&Agent>, client: ClientAddress) {
    if let Some(agent) = account {
        let (id, username) = (agent.id, &agent.username);
        tracing::warn!(%client, agent = %id, username, "a login failed");
    } else {
        tracing::warn!(%client, "a login failed: there is no such account");
    }
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

/// Revokes the token of the request.
async fn logout(caller: Caller, _: NoBody<LoginSize>) -> Answer<()> {
    let Credential::Token(token) = caller.session.credential else {
        let status = Status::Domain(ErrorKind::FailedPrecondition);
        let message = "an access key does not log out; delete it instead";
        return Err(ApiError::new(status, "NOT_A_LOGIN_TOKEN", message).into());
    };
    let token = (token.id(), token.expires());
    let write = caller.write("logout", move |uow, cx| {
        end(uow, (cx.actor.agent, cx.now), token)
    });
    write.await?;
    caller.shared.actors.clear();
    Ok(JsonResponse::of("{}".to_owned()))
}

#[cfg(test)]
mod tests {
    use crate::testing::{Answer, Scene, post};
    use actix_web::test::TestRequest;
    use talk_domain::identity::agent::{AgentStatus, PasswordHash};
    use talk_domain::kernel::id::TokenId;
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

    /// Case 58.
    #[actix_web::test]
    async fn a_login_renews_a_hash_of_before_there_was_a_normal_form() {
        let scene = Scene::new();
        let old = || PasswordHash("old right".into());
        scene.reads(|snapshot| {
            let login = snapshot.directory.expect_login();
            login.returning(move |_| Ok(Some((an_agent(1), old()))));
        });
        scene.writes(|uow| {
            uow.agents.expect_get().returning(|_| Ok(Some(an_agent(1))));
            uow.agents
                .expect_password()
                .returning(move |_| Ok(Some(old())));
            let set = uow.agents.expect_set_password().times(1);
            set.withf(|_, hash| hash.0 == "right")
                .returning(|_, _| Ok(()));
        });
        assert_eq!(login(&scene, "agent-1", "right").await.status, 200);
    }

    #[actix_web::test]
    async fn every_failed_login_looks_the_same() {
        let scene = scene();
        let wrong = login(&scene, "agent-1", "wrong").await;
        assert_eq!(
            (wrong.status.as_u16(), wrong.refusal().1),
            (401, "INVALID_CREDENTIALS".into())
        );
        for (username, password) in [("nobody", "right"), ("agent-2", "right")] {
            assert_eq!(login(&scene, username, password).await.body, wrong.body);
        }
    }

    /// Case 54.
    #[actix_web::test]
    async fn after_six_failures_even_the_right_password_waits_but_not_elsewhere() {
        let scene = scene();
        for _ in 0..6 {
            assert_eq!(login(&scene, "agent-1", "wrong").await.status, 401);
        }
        let refused = login(&scene, "agent-1", "right").await;
        assert_eq!(refused.refusal().1, "TOO_MANY_LOGIN_ATTEMPTS");
        assert_eq!(
            (refused.status.as_u16(), refused.header("retry-after")),
            (429, "1")
        );
        let body = r#"{"username":"agent-1","password":"right"}"#;
        let owner = TestRequest::post().uri("/auth/login").set_payload(body);
        let owner = owner.peer_addr("192.0.2.7:4711".parse().unwrap());
        assert_eq!(scene.call(owner).await.status, 200);
    }

    /// Case 59.
    #[actix_web::test]
    async fn a_login_without_its_fields_is_a_mistake_and_no_guess() {
        let scene = scene();
        for (body, reason, field) in [
            ("{}", "FIELD_REQUIRED", "username"),
            (r#"{"password":"right"}"#, "FIELD_REQUIRED", "username"),
            (r#"{"username":"agent-1"}"#, "FIELD_REQUIRED", "password"),
            (
                r#"{"username":"agent-1","password":""}"#,
                "FIELD_REQUIRED",
                "password",
            ),
            (
                r#"{"username":7,"password":"right"}"#,
                "INVALID_FIELD",
                "username",
            ),
            (
                r#"{"username":"agent-1","password":null}"#,
                "INVALID_FIELD",
                "password",
            ),
        ] {
            for _ in 0..10 {
                let request = TestRequest::post().uri("/auth/login").set_payload(body);
                let refused = scene.call(request).await.refusal();
                assert_eq!(
                    refused,
                    (400, reason.to_owned(), field.to_owned()),
                    "{body}"
                );
            }
        }
        assert_eq!(login(&scene, "agent-1", "right").await.status, 200);
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
