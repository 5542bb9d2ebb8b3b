//! `/v1.0/service_agents/me`: the caller itself.

use talk_domain::agent::password::{
    ChangePassword, ChangePasswordError, change_password as change, stored_password,
};
use talk_domain::agent::show::show_agent;
use talk_domain::agent::{PasswordHash, check_password};
use talk_domain::context::Actor;
use talk_domain::store::Snapshot;
use talk_wire::request;
use talk_wire::resource::Agent;

use crate::api_error::ApiError;
use crate::body::Body;
use crate::caller::{Caller, Reply, ok};

pub(crate) async fn show(caller: Caller) -> Reply {
    let read = caller.read("show_agent", move |snapshot, actor| {
        show_agent(snapshot, actor.agent)
    });
    Ok(ok(&Agent::from(&read.await?)))
}

/// Guessing the old password counts like guessing at the login.
pub(crate) async fn change_password(caller: Caller, body: Body) -> Reply {
    let request: request::ChangePassword = body.other().await?.json()?;
    check_password("new_password", &request.new_password)?;
    let (username, stored) = caller.read("stored_password", account).await?;
    verify(&caller, &username, &stored, request.old_password).await?;
    let new = caller
        .shared
        .api
        .passwords
        .hash(request.new_password)
        .await?;
    let command = ChangePassword {
        agent: caller.cx.actor.agent,
        verified: Some(stored),
        new,
    };
    let write = caller.write("change_password", move |uow, cx| {
        change(uow, &command, cx.now)
    });
    let agent = write.await?;
    caller.shared.actors.clear();
    Ok(ok(&Agent::from(&agent)))
}

fn account(
    snapshot: &mut dyn Snapshot,
    actor: Actor,
) -> Result<(String, PasswordHash), ChangePasswordError> {
    let stored = stored_password(snapshot, actor.agent)?;
    let agent = snapshot.agents().get(actor.agent)?;
    let agent = agent.ok_or(ChangePasswordError::NoSuchAgent)?;
    Ok((agent.username, stored))
}

async fn verify(
    caller: &Caller,
    username: &str,
    stored: &PasswordHash,
    old: String,
) -> Result<(), ApiError> {
    let (throttle, now) = (&caller.shared.throttle, caller.cx.now);
    throttle.check(username, now)?;
    let passwords = &caller.shared.api.passwords;
    let is_right = passwords.verify(old, Some(stored.clone())).await?;
    throttle.check(username, now)?;
    if is_right {
        return Ok(());
    }
    throttle.fail(username, now);
    Err(ApiError::invalid(
        "old_password",
        "OLD_PASSWORD_WRONG",
        "is not the current password",
    ))
}
