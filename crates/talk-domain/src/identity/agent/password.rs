//! Use case: change a password.

use crate::identity::agent::update::live;
use crate::identity::agent::{Agent, PasswordHash};
use crate::identity::unit::{IdentitySnapshot, IdentityUnit};
use crate::kernel::error::refusals;
use crate::kernel::id::AgentId;
use crate::kernel::store_error::StoreError;
use crate::kernel::time::Timestamp;

/// The command. Passwords are hashed before the transaction, since hashing is slow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangePassword {
    /// The agent.
    pub agent: AgentId,
    /// The stored hash that the old password was verified against; `None` for the operator, who
    /// needs no old password.
    pub verified: Option<PasswordHash>,
    /// The hash of the new password.
    pub new: PasswordHash,
    /// Whether the agent's access keys end too.
    pub ends_keys: bool,
}

refusals! {
    /// Refusals of [`change_password`] and [`stored_password`].
    pub enum ChangePasswordError {
        NoSuchAgent = NotFound "AGENT_NOT_FOUND" "there is no such agent",
        ChangedMeanwhile = FailedPrecondition "PASSWORD_CHANGED"
            "the password was changed meanwhile",
        ..Store(StoreError),
    }
}

/// Replaces a password and revokes every earlier token, and the access keys if the command says so.
///
/// # Errors
/// See [`ChangePasswordError`].
pub fn change_password(
    uow: &mut dyn IdentityUnit,
    command: &ChangePassword,
    now: Timestamp,
) -> Result<Agent, ChangePasswordError> {
    let mut agent = live(uow, command.agent)?.ok_or(ChangePasswordError::NoSuchAgent)?;
    if command.verified.is_some() && uow.agents().password(agent.id)? != command.verified {
        return Err(ChangePasswordError::ChangedMeanwhile);
    }
    agent.token_generation += 1;
    agent.updated = now.max(agent.updated.next());
    uow.agents().set_password(agent.id, &command.new)?;
    uow.agents().update(&agent)?;
    if command.ends_keys {
        uow.keys().end_all(agent.id, agent.updated)?;
    }
    uow.sessions().end(agent.id, now)?;
    Ok(agent)
}

/// Replaces the stored hash by another hash of the same password, unless the password was changed
/// or the agent disabled or deleted meanwhile. Revokes no token.
///
/// # Errors
/// Only when storage fails.
pub fn renew_password_hash(
    uow: &mut dyn IdentityUnit,
    id: AgentId,
    (verified, new): (&PasswordHash, &PasswordHash),
) -> Result<(), StoreError> {
    if live(uow, id)?.is_some() && uow.agents().password(id)?.as_ref() == Some(verified) {
        uow.agents().set_password(id, new)?;
    }
    Ok(())
}

/// Returns the stored hash, to verify the old password against.
///
/// # Errors
/// See [`ChangePasswordError`].
pub fn stored_password(
    snapshot: &mut dyn IdentitySnapshot,
    agent: AgentId,
) -> Result<PasswordHash, ChangePasswordError> {
    let agent = snapshot
        .agents()
        .get(agent)?
        .ok_or(ChangePasswordError::NoSuchAgent)?;
    let login = snapshot.directory().login(&agent.username)?;
    login
        .map(|(_, password)| password)
        .ok_or(ChangePasswordError::NoSuchAgent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MockSnapshot, MockUnitOfWork, agent_id, an_agent, at};

    fn unit(stored: &'static str) -> MockUnitOfWork {
        let mut uow = MockUnitOfWork::default();
        uow.agents.expect_get().returning(|_| Ok(Some(an_agent(2))));
        uow.agents
            .expect_password()
            .returning(|_| Ok(Some(PasswordHash(stored.into()))));
        uow.sessions.expect_end().returning(|_, _| Ok(()));
        uow.agents.expect_set_password().returning(|_, _| Ok(()));
        uow.agents.expect_update().returning(|_| Ok(()));
        uow
    }

    fn command(verified: Option<&str>) -> ChangePassword {
        ChangePassword {
            agent: agent_id(2),
            verified: verified.map(|hash| PasswordHash(hash.into())),
            new: PasswordHash("new".into()),
            ends_keys: false,
        }
    }

    /// AUTH-04: `revoke_accesskeys`.
    #[test]
    fn access_keys_end_on_request_only() {
        for ends_keys in [false, true] {
            let mut uow = unit("old");
            let ended = uow.keys.expect_end_all().times(usize::from(ends_keys));
            ended.returning(|_, _| Ok(()));
            let command = ChangePassword {
                ends_keys,
                ..command(Some("old"))
            };
            change_password(&mut uow, &command, at(9)).unwrap();
        }
    }

    /// Case 58.
    #[test]
    fn a_hash_is_renewed_unless_the_password_was_changed_meanwhile() {
        for (stored, renewals) in [("old", 1), ("another", 0)] {
            let mut uow = MockUnitOfWork::default();
            uow.agents.expect_get().returning(|_| Ok(Some(an_agent(2))));
            let password = uow.agents.expect_password();
            password.returning(move |_| Ok(Some(PasswordHash(stored.into()))));
            let set = uow.agents.expect_set_password().times(renewals);
            set.withf(|_, hash| hash.0 == "renewed")
                .returning(|_, _| Ok(()));
            let hashes = ["old", "renewed"].map(|hash| PasswordHash(hash.into()));
            renew_password_hash(&mut uow, agent_id(2), (&hashes[0], &hashes[1])).unwrap();
        }
    }

    /// AUTH-04: revokes older tokens.
    #[test]
    fn a_new_password_starts_a_new_token_generation() {
        for verified in [Some("old"), None] {
            let agent = change_password(&mut unit("old"), &command(verified), at(9)).unwrap();
            assert_eq!(agent.token_generation, 1);
        }
    }

    /// AUTH-04: of two changes with the same old password one succeeds.
    #[test]
    fn a_password_changed_meanwhile_is_not_overwritten() {
        let mut uow = unit("another");
        uow.agents.checkpoint();
        uow.agents.expect_get().returning(|_| Ok(Some(an_agent(2))));
        uow.agents
            .expect_password()
            .returning(|_| Ok(Some(PasswordHash("another".into()))));
        let refused = change_password(&mut uow, &command(Some("old")), at(9));
        assert!(matches!(
            refused,
            Err(ChangePasswordError::ChangedMeanwhile)
        ));
    }

    /// RUN-12: secrets are never printed.
    #[test]
    fn a_password_hash_prints_nothing() {
        assert!(!format!("{:?}", command(Some("old"))).contains("old"));
    }

    fn stored(agent: bool, login: bool) -> Result<PasswordHash, ChangePasswordError> {
        let mut snapshot = MockSnapshot::default();
        let get = snapshot.agents.expect_get();
        get.returning(move |_| Ok(agent.then(|| an_agent(2))));
        let logins = snapshot.directory.expect_login();
        logins
            .withf(|username| username == "agent-2")
            .returning(move |_| Ok(login.then(|| (an_agent(2), PasswordHash("hash".into())))));
        stored_password(&mut snapshot, agent_id(2))
    }

    /// AUTH-04: the old password is verified against the stored hash.
    #[test]
    fn the_stored_password_is_that_of_the_agents_login() {
        assert_eq!(stored(true, true).unwrap().0, "hash");
        for (agent, login) in [(false, true), (true, false)] {
            let refused = stored(agent, login);
            assert!(matches!(refused, Err(ChangePasswordError::NoSuchAgent)));
        }
    }

    /// The password of a deleted or unknown agent cannot be changed.
    #[test]
    fn the_password_of_an_agent_that_has_ended_stays() {
        let deleted = Agent {
            deleted: Some(at(1)),
            ..an_agent(2)
        };
        for agent in [Some(deleted), None] {
            let mut uow = MockUnitOfWork::default();
            let get = uow.agents.expect_get();
            get.returning(move |_| Ok(agent.clone()));
            let refused = change_password(&mut uow, &command(None), at(9));
            assert!(matches!(refused, Err(ChangePasswordError::NoSuchAgent)));
            let hashes = ["old", "renewed"].map(|hash| PasswordHash(hash.into()));
            renew_password_hash(&mut uow, agent_id(2), (&hashes[0], &hashes[1])).unwrap();
        }
    }

    /// AUTH-06: the operator needs no old password.
    #[test]
    fn the_operator_changes_a_password_without_the_old_one() {
        let mut uow = unit("old");
        uow.agents.checkpoint();
        uow.agents.expect_get().returning(|_| Ok(Some(an_agent(2))));
        let set = uow.agents.expect_set_password().times(1);
        set.withf(|agent, hash| *agent == agent_id(2) && hash.0 == "new")
            .returning(|_, _| Ok(()));
        uow.agents.expect_update().returning(|_| Ok(()));
        change_password(&mut uow, &command(None), at(9)).unwrap();
    }
}
