//! Use case: create an agent.

use crate::identity::agent::{
    Agent, AgentStatus, PasswordHash, normal_username, without_format_characters,
};
use crate::identity::unit::IdentityUnit;
use crate::kernel::context::{Actor, Permission};
use crate::kernel::error::{Invalid, refusals};
use crate::kernel::id::{AgentId, CustomerId};
use crate::kernel::limits::Limits;
use crate::kernel::store_error::StoreError;
use crate::kernel::text::check_text;
use crate::kernel::time::Timestamp;

/// The command. The password is hashed before the transaction, since hashing is slow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateAgent {
    /// Identity of the new agent.
    pub id: AgentId,
    /// Its customer.
    pub customer: CustomerId,
    /// Unique over the installation.
    pub username: String,
    /// Display name.
    pub name: String,
    /// Free text.
    pub detail: String,
    /// Permission.
    pub permission: Permission,
    /// Hash of its password.
    pub password: PasswordHash,
}

refusals! {
    /// Refusals of [`create_agent`].
    pub enum CreateAgentError {
        NotAnAdmin = PermissionDenied "PERMISSION_DENIED" "only admins and managers may do this",
        UsernameTaken = AlreadyExists "USERNAME_TAKEN"
            "this username is taken, perhaps in another case",
        ..Invalid(Invalid),
        ..Store(StoreError),
    }
}

/// Creates an agent; `actor` is `None` for the operator.
///
/// # Errors
/// See [`CreateAgentError`].
pub fn create_agent(
    uow: &mut dyn IdentityUnit,
    actor: Option<&Actor>,
    command: &CreateAgent,
    (now, limits): (Timestamp, &Limits),
) -> Result<Agent, CreateAgentError> {
    if actor.is_some_and(|actor| !actor.permission.administers()) {
        return Err(CreateAgentError::NotAnAdmin);
    }
    let username = normal_username(&command.username, limits)?;
    check_text("name", &command.name, limits.name)?;
    check_text("detail", &command.detail, limits.detail)?;
    let agent = Agent {
        id: command.id,
        customer: command.customer,
        username,
        name: without_format_characters(&command.name),
        detail: command.detail.clone(),
        permission: command.permission,
        status: AgentStatus::Active,
        token_generation: 0,
        created: now,
        updated: now,
        deleted: None,
    };
    if uow.agents().insert(&agent, &command.password)? {
        Ok(agent)
    } else {
        Err(CreateAgentError::UsernameTaken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MockUnitOfWork, actor, agent_id, at, customer_id};

    fn command(username: &str) -> CreateAgent {
        CreateAgent {
            id: agent_id(5),
            customer: customer_id(),
            username: username.into(),
            name: "Eve".into(),
            detail: String::new(),
            permission: Permission::Agent,
            password: PasswordHash("hash".into()),
        }
    }

    fn unit(is_free: bool) -> MockUnitOfWork {
        let mut uow = MockUnitOfWork::default();
        uow.agents
            .expect_insert()
            .returning(move |_, _| Ok(is_free));
        uow
    }

    fn admin() -> Actor {
        Actor {
            permission: Permission::Manager,
            ..actor(agent_id(1))
        }
    }

    /// AUTH-06.
    #[test]
    fn admins_managers_and_the_operator_create_agents() {
        for actor in [Some(&admin()), None] {
            let agent = create_agent(
                &mut unit(true),
                actor,
                &command("eve"),
                (at(3), &Limits::default()),
            )
            .unwrap();
            assert_eq!((agent.status, agent.created), (AgentStatus::Active, at(3)));
        }
    }

    /// Case 57.
    #[test]
    fn names_lose_what_nobody_sees() {
        let command = CreateAgent {
            name: "E\u{200b}ve".into(),
            ..command("ｅｖｅ")
        };
        let limits = Limits::default();
        let agent = create_agent(&mut unit(true), None, &command, (at(3), &limits)).unwrap();
        assert_eq!((&*agent.username, &*agent.name), ("eve", "Eve"));
    }

    /// AUTH-06.
    #[test]
    fn a_plain_agent_creates_nobody() {
        let me = actor(agent_id(1));
        let refused = create_agent(
            &mut unit(true),
            Some(&me),
            &command("eve"),
            (at(3), &Limits::default()),
        );
        assert!(matches!(refused, Err(CreateAgentError::NotAnAdmin)));
    }

    /// AUTH-07.
    #[test]
    fn a_taken_or_impossible_username_is_refused() {
        let refused = create_agent(
            &mut unit(false),
            None,
            &command("eve"),
            (at(3), &Limits::default()),
        );
        assert!(matches!(refused, Err(CreateAgentError::UsernameTaken)));
        for username in ["", "a b", "a\n", "\0", &"x".repeat(256)] {
            let refused = create_agent(
                &mut unit(true),
                None,
                &command(username),
                (at(3), &Limits::default()),
            );
            let Err(CreateAgentError::Invalid(invalid)) = refused else {
                panic!("{username:?}")
            };
            assert_eq!(invalid.field, "username");
        }
    }
}
