//! `/auth/login` and `/auth/logout`.

use actix_web::{HttpResponse, web};
use talk_domain::agent::{Agent, PasswordHash};
use talk_domain::context::IdSource;
use talk_domain::error::ErrorKind;
use talk_domain::session::logout::logout as end;
use talk_domain::store::{StoreError, Unit};
use talk_wire::request::{Login, LoginAnswer};

use crate::actor_cache::Session;
use crate::api_error::ApiError;
use crate::body::Body;
use crate::caller::{Caller, Reply, ok};
use crate::shared::Shared;
use crate::status::Status;

/// A wrong user and a wrong password look and cost the same.
pub(crate) async fn login(shared: web::Data<Shared>, body: Body) -> Reply {
    let Login { username, password } = body.other().await?.json()?;
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
    Ok(read.await.map_err(|error: StoreError| error)?)
}

/// Ends the token it is called with.
pub(crate) async fn logout(caller: Caller) -> Reply {
    let Session::Token { token, expires } = caller.session else {
        return Err(ApiError::new(
            Status::Domain(ErrorKind::FailedPrecondition),
            "NOT_A_LOGIN_TOKEN",
            "an access key does not log out; delete it instead",
        ));
    };
    let write = caller.write("logout", move |uow, _| end(uow, token, expires));
    write.await?;
    caller.shared.actors.clear();
    Ok(HttpResponse::Ok()
        .content_type("application/json")
        .body("{}"))
}
