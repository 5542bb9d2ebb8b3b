//! `/v1.0/service_agents/me`: the caller itself.

use actix_web::http::Method;
use talk_domain::identity::agent::password::{
    ChangePasswordError, change_password as change, stored_password,
};
use talk_domain::identity::agent::show::{ShowAgentError, show_agent};
use talk_domain::identity::agent::{PasswordHash, check_password, password};
use talk_wire::request::ChangePassword;
use talk_wire::resource::Agent;

use crate::address::ClientAddress;
use crate::api_error::ApiError;
use crate::body::Body;
use crate::caller::{Caller, ok};
use crate::endpoint::{Answer, Endpoint};
use crate::rate::HEAVY;
use crate::throttle::{Account, Attempt};

pub(super) fn rows() -> Vec<Endpoint> {
    let request = ChangePassword {
        old_password: "talk-demo".to_owned(),
        new_password: "a long password".to_owned(),
        revoke_accesskeys: None,
    };
    vec![
        Endpoint::new(Method::GET, "/v1.0/service_agents/me", show)
            .named("showMe", "Shows the caller"),
        Endpoint::new(
            Method::PUT,
            "/v1.0/service_agents/me/password",
            change_password,
        )
        .named("changePassword", "Changes the caller's password")
        .about(
            "Ends all login tokens issued before, and with `revoke_accesskeys` all access \
                 keys of the caller. Wrong old passwords slow down the next ones; failed logins \
                 do not.",
        )
        .reasons(&["OLD_PASSWORD_WRONG", "TOO_MANY_LOGIN_ATTEMPTS"])
        .sends("both passwords", &request),
    ]
}

async fn show(caller: Caller) -> Answer<Agent, ShowAgentError> {
    let read = caller.read("show_agent", move |snapshot, actor| {
        show_agent(snapshot, actor.agent)
    });
    Ok(ok(&Agent::from(&read.await?)))
}

/// Wrong old passwords delay the next attempt, but failed logins do not: the caller has a valid
/// token.
async fn change_password(
    caller: Caller,
    body: Body<ChangePassword>,
) -> Answer<Agent, ChangePasswordError> {
    let request = body.value;
    check_password("new_password", &request.new_password)?;
    caller.charge(HEAVY).await?;
    let stored = caller.read("stored_password", |snapshot, actor| {
        stored_password(snapshot, actor.agent)
    });
    let stored = stored.await?;
    let client = ClientAddress::of(&caller.request);
    let turn = caller.shared.hashing.turn(client).await?;
    verify(&caller, client, &stored, request.old_password).await?;
    let new = caller
        .shared
        .api
        .passwords
        .hash(request.new_password)
        .await?;
    drop(turn);
    let command = password::ChangePassword {
        agent: caller.cx.actor.agent,
        verified: Some(stored),
        new,
        ends_keys: request.revoke_accesskeys.unwrap_or_default(),
    };
    let write = caller.write("change_password", move |uow, cx| {
        change(uow, &command, cx.now)
    });
    let agent = write.await?;
    caller.shared.actors.clear();
    Ok(ok(&Agent::from(&agent)))
}

async fn verify(
    caller: &Caller,
    client: ClientAddress,
    stored: &PasswordHash,
    old: String,
) -> Result<(), ApiError> {
    let (throttle, now) = (&caller.shared.throttle, caller.cx.now);
    let attempt = Attempt::new(Account::Own(caller.cx.actor.agent), client);
    throttle.check(attempt, now)?;
    let passwords = &caller.shared.api.passwords;
    let verified = passwords.verify(old, Some(stored.clone())).await?;
    throttle.check(attempt, now)?;
    if verified.is_right() {
        return Ok(());
    }
    throttle.fail(attempt, now);
    Err(ApiError::invalid(
        "old_password",
        "OLD_PASSWORD_WRONG",
        "is not the current password",
    ))
}

#[cfg(test)]
mod tests {
    use crate::testing::{Answer, Scene, request};
    use actix_web::http::Method;
    use talk_domain::identity::agent::PasswordHash;
    use talk_domain::testing::an_agent;

    fn scene() -> Scene {
        let scene = Scene::new();
        scene.reads(|snapshot| {
            snapshot
                .agents
                .expect_get()
                .returning(|_| Ok(Some(an_agent(1))));
            let login = snapshot.directory.expect_login();
            login.returning(|_| Ok(Some((an_agent(1), PasswordHash("old".into())))));
        });
        scene
    }

    async fn change(scene: &Scene, old: &str, new: &str) -> Answer {
        let body = format!(r#"{{"old_password":"{old}","new_password":"{new}"}}"#);
        let request = request(1, Method::PUT, "/v1.0/service_agents/me/password");
        scene.call(request.set_payload(body)).await
    }

    #[actix_web::test]
    async fn a_new_password_needs_the_old_one_and_guessing_is_throttled() {
        let scene = scene();
        assert_eq!(
            change(&scene, "old", "short").await.refusal().2,
            "new_password"
        );
        for _ in 0..6 {
            let refused = change(&scene, "guess", "long enough").await;
            assert_eq!(refused.refusal().1, "OLD_PASSWORD_WRONG");
        }
        assert_eq!(change(&scene, "old", "long enough").await.status, 429);
    }

    #[actix_web::test]
    async fn a_changed_password_is_stored_hashed_with_a_new_generation() {
        let scene = scene();
        scene.writes(|uow| {
            uow.agents.expect_get().returning(|_| Ok(Some(an_agent(1))));
            let stored = uow.agents.expect_password();
            stored.returning(|_| Ok(Some(PasswordHash("old".into()))));
            let set = uow.agents.expect_set_password().times(1);
            set.withf(|_, hash| hash.0 == "long enough")
                .returning(|_, _| Ok(()));
            let update = uow.agents.expect_update().times(1);
            update
                .withf(|agent| agent.token_generation == 1)
                .returning(|_| Ok(()));
            let ends = uow.sessions.expect_end().times(1);
            ends.returning(|_, _| Ok(()));
        });
        assert_eq!(change(&scene, "old", "long enough").await.status, 200);
    }
}
