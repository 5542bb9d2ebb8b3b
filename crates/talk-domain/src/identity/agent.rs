//! Agents: people and programs of a customer who can log in.

pub mod create;
pub mod delete;
mod display_name;
pub mod erase;
pub mod last_admin;
pub mod password;
pub mod show;
pub mod update;
mod username;

use crate::kernel::context::Permission;
use unicode_normalization::UnicodeNormalization;

use crate::kernel::blank::is_blank;
use crate::kernel::error::Invalid;
use crate::kernel::id::{AgentId, CustomerId};
use crate::kernel::page::{Page, PageRequest};
use crate::kernel::store_error::StoreError;
use crate::kernel::time::Timestamp;
pub use display_name::without_format_characters;
pub use username::normal_username;

/// The status of an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AgentStatus {
    /// The agent may log in and act.
    Active,
    /// Its tokens and keys are refused; it stays a participant of its chats.
    Disabled,
}

impl AgentStatus {
    /// `active` or `disabled`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
        }
    }

    /// Parses the name of a status.
    ///
    /// # Errors
    /// If there is none.
    pub fn parse(name: &str) -> Result<Self, Invalid> {
        match name {
            "active" => Ok(Self::Active),
            "disabled" => Ok(Self::Disabled),
            _ => Err(Invalid::new(
                "status",
                "STATUS_INVALID",
                "must be active or disabled",
            )),
        }
    }
}

/// An agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    /// Identity.
    pub id: AgentId,
    /// Its customer.
    pub customer: CustomerId,
    /// Login name. Unique in the whole installation, compared without case.
    pub username: String,
    /// Display name.
    pub name: String,
    /// Free text.
    pub detail: String,
    /// Permission.
    pub permission: Permission,
    /// Status.
    pub status: AgentStatus,
    /// Incremented to revoke all earlier tokens: each token carries the generation it was issued
    /// in.
    pub token_generation: u32,
    /// Time of creation.
    pub created: Timestamp,
    /// Time of the last change.
    pub updated: Timestamp,
    /// Time of deletion; `None` if it is not deleted.
    pub deleted: Option<Timestamp>,
}

impl Agent {
    /// Returns the name, or the username if the name is blank.
    #[must_use]
    pub fn display_name(&self) -> &str {
        if is_blank(&self.name) {
            &self.username
        } else {
            &self.name
        }
    }

    /// Returns whether it can log in, act, and be added to chats.
    #[must_use]
    pub const fn is_active(&self) -> bool {
        self.deleted.is_none() && matches!(self.status, AgentStatus::Active)
    }
}

/// The hash of a password. Its `Debug` output hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(pub String);

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// The accepted number of characters of a password (AUTH-13).
pub const PASSWORD_LENGTH: std::ops::RangeInclusive<usize> = 8..=128;

/// Returns the form of a password that is hashed (NFKC), so that the same characters typed in
/// different ways are the same password.
#[must_use]
pub fn normal_password(typed: &str) -> String {
    typed.nfkc().collect()
}

/// Checks a new password.
///
/// # Errors
/// If it has less than 8 or more than 128 characters in its normal form.
pub fn check_password(field: &str, password: &str) -> Result<(), Invalid> {
    let length = password.nfkc().count();
    if PASSWORD_LENGTH.contains(&length) && !password.contains('\0') {
        return Ok(());
    }
    let limit = if length < 8 { 8 } else { 128 };
    Err(Invalid {
        limit: Some(limit),
        ..Invalid::new(
            field,
            "PASSWORD_INVALID",
            "must have 8 to 128 characters, none U+0000",
        )
    })
}

/// Driven port: stores agents of the unit's customer.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait AgentRepository {
    /// Finds an agent, deleted or not.
    ///
    /// # Errors
    /// Only when storage fails.
    fn get(&mut self, id: AgentId) -> Result<Option<Agent>, StoreError>;

    /// Stores a new agent. MUST return `false`, storing nothing, when a username with the same
    /// [key](crate::kernel::username_key::username_key) is taken anywhere in the installation, also by a deleted agent.
    ///
    /// # Errors
    /// Only when storage fails.
    fn insert(&mut self, agent: &Agent, password: &PasswordHash) -> Result<bool, StoreError>;

    /// Returns whether the customer has an active admin or manager besides this agent.
    ///
    /// # Errors
    /// Only when storage fails.
    fn has_other_administrator(&mut self, id: AgentId) -> Result<bool, StoreError>;

    /// Stores every field of a known agent but its username.
    ///
    /// # Errors
    /// Only when storage fails.
    fn update(&mut self, agent: &Agent) -> Result<(), StoreError>;

    /// Stores every field of a known agent including its username, and removes its password.
    ///
    /// # Errors
    /// Only when storage fails.
    fn replace(&mut self, agent: &Agent) -> Result<(), StoreError>;

    /// Returns the stored password hash.
    ///
    /// # Errors
    /// Only when storage fails.
    fn password(&mut self, id: AgentId) -> Result<Option<PasswordHash>, StoreError>;

    /// Replaces the password hash.
    ///
    /// # Errors
    /// Only when storage fails.
    fn set_password(&mut self, id: AgentId, password: &PasswordHash) -> Result<(), StoreError>;
}

/// Driven port: reading agents of the snapshot's customer.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait AgentQueries {
    /// Finds an agent, deleted or not.
    ///
    /// # Errors
    /// Only when storage fails.
    fn get(&mut self, id: AgentId) -> Result<Option<Agent>, StoreError>;

    /// Lists the customer's agents that are not deleted, ordered by `(created, id)`.
    ///
    /// # Errors
    /// Only when storage fails.
    fn page(&mut self, request: PageRequest) -> Result<Page<Agent>, StoreError>;

    /// Finds up to `limit` active admins and managers of the customer.
    ///
    /// # Errors
    /// Only when storage fails.
    fn administrators(&mut self, limit: u32) -> Result<Vec<AgentId>, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{a_deleted_agent, a_disabled_agent, an_agent};

    /// AUTH-13 and case 58: 8 to 128 characters after NFKC.
    #[test]
    fn a_password_has_8_to_128_characters_in_its_normal_form() {
        for (password, limit) in [
            ("1234567".to_owned(), Some(8)),
            ("12345678".to_owned(), None),
            ("x".repeat(128), None),
            ("x".repeat(129), Some(128)),
            // NFKC composes two characters into one.
            ("o\u{308}".repeat(7), Some(8)),
            ("o\u{308}".repeat(128), None),
            // NFKC decomposes one character into three.
            ("\u{fb03}".repeat(3), None),
            ("\u{fb03}".repeat(43), Some(128)),
            ("1234\u{0}5678".to_owned(), Some(128)),
            ("123\u{0}4567".to_owned(), Some(128)),
        ] {
            let checked = check_password("password", &password);
            let refused = checked.err().map(|invalid| invalid.limit);
            assert_eq!(refused.is_some(), limit.is_some(), "{password:?}");
            assert!(limit.is_none() || refused == Some(limit), "{password:?}");
        }
    }

    /// AUTH-11: the names on the wire and in storage.
    #[test]
    fn a_status_is_read_by_its_name() {
        for (status, name) in [
            (AgentStatus::Active, "active"),
            (AgentStatus::Disabled, "disabled"),
        ] {
            assert_eq!(
                (status.as_str(), AgentStatus::parse(name)),
                (name, Ok(status))
            );
        }
        let refused = AgentStatus::parse("Active").unwrap_err();
        assert_eq!(
            (&*refused.field, refused.reason),
            ("status", "STATUS_INVALID")
        );
    }

    /// S-090: the agents' names, username if none.
    #[test]
    fn an_agent_without_a_name_that_can_be_seen_goes_by_its_username() {
        for (name, shown) in [("Eve", "Eve"), ("", "agent-2"), (" \u{200b}", "agent-2")] {
            let agent = Agent {
                name: name.into(),
                ..an_agent(2)
            };
            assert_eq!(agent.display_name(), shown, "{name:?}");
        }
    }

    /// AUTH-11: only an active agent that is not deleted may act.
    #[test]
    fn neither_a_disabled_nor_a_deleted_agent_is_active() {
        let (disabled, deleted) = (a_disabled_agent(2), a_deleted_agent(2));
        assert!(an_agent(2).is_active());
        assert!(!disabled.is_active() && !deleted.is_active());
    }

    /// Case 58: the same characters typed in another way are the same password.
    #[test]
    fn a_password_is_hashed_in_one_form() {
        assert_eq!(normal_password("o\u{308}ffne\u{fb03}"), "\u{f6}ffneffi");
        assert_eq!(normal_password("ordinary"), "ordinary");
    }

    /// RUN-12: secrets are never printed.
    #[test]
    fn a_password_hash_prints_that_it_is_one() {
        let printed = format!("{:?}", PasswordHash("secret".into()));
        assert_eq!(printed, "PasswordHash(…)");
    }
}
