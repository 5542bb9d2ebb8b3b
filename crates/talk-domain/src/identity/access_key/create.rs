//! Use case: create an access key.

use crate::identity::access_key::{AccessKey, KeyHash};
use crate::identity::unit::IdentityUnit;
use crate::kernel::error::{Invalid, refusals};
use crate::kernel::id::{AccessKeyId, AgentId, CustomerId};
use crate::kernel::limits::Limits;
use crate::kernel::store_error::StoreError;
use crate::kernel::text::check_text;
use crate::kernel::time::Timestamp;

/// The longest validity of a key in seconds: 100 years.
pub const MAX_LIFETIME_SECONDS: u32 = 3_155_760_000;

/// The command. It has the hash of the secret, never the secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateAccessKey {
    /// Identity of the new key.
    pub id: AccessKeyId,
    /// Its customer.
    pub customer: CustomerId,
    /// The agent it acts as.
    pub agent: AgentId,
    /// Display name.
    pub name: String,
    /// Free text.
    pub detail: String,
    /// Seconds until it expires; `None` never.
    pub lifetime: Option<u32>,
    /// Expiry of the access key that authenticated the request, if any: the new key must not
    /// outlive it.
    pub ends_by: Option<Timestamp>,
    /// Hash of the secret.
    pub hash: KeyHash,
    /// First characters of the secret.
    pub prefix: String,
}

refusals! {
    /// Refusals of [`create_access_key`].
    pub enum CreateAccessKeyError {
        NoSuchAgent = NotFound "AGENT_NOT_FOUND" "there is no such agent",
        ..Invalid(Invalid),
        ..Store(StoreError),
    }
}

/// Creates a key that acts as the agent.
///
/// # Errors
/// See [`CreateAccessKeyError`].
pub fn create_access_key(
    uow: &mut dyn IdentityUnit,
    command: &CreateAccessKey,
    (now, limits): (Timestamp, &Limits),
) -> Result<AccessKey, CreateAccessKeyError> {
    check_text("name", &command.name, limits.name)?;
    check_text("detail", &command.detail, limits.detail)?;
    let expires = check_lifetime(command, now)?;
    if !uow
        .agents()
        .get(command.agent)?
        .is_some_and(|agent| agent.is_active())
    {
        return Err(CreateAccessKeyError::NoSuchAgent);
    }
    let key = AccessKey {
        id: command.id,
        customer: command.customer,
        agent: command.agent,
        name: command.name.clone(),
        detail: command.detail.clone(),
        hash: command.hash,
        prefix: command.prefix.clone(),
        is_derived: false,
        expires,
        created: now,
        updated: now,
        deleted: None,
    };
    uow.keys().insert(&key)?;
    Ok(key)
}

/// Computes the expiry of the new key, and checks it.
fn check_lifetime(command: &CreateAccessKey, now: Timestamp) -> Result<Option<Timestamp>, Invalid> {
    let invalid = |limit: u64, message: String| Invalid {
        limit: Some(limit),
        ..Invalid::new("expire", "EXPIRE_INVALID", message)
    };
    if command
        .lifetime
        .is_some_and(|lifetime| lifetime == 0 || lifetime > MAX_LIFETIME_SECONDS)
    {
        let message = format!("must be 1 to {MAX_LIFETIME_SECONDS} seconds");
        return Err(invalid(u64::from(MAX_LIFETIME_SECONDS), message));
    }
    let expires = command.lifetime.map(|lifetime| now.plus_seconds(lifetime));
    let Some(end) = command.ends_by else {
        return Ok(expires);
    };
    if expires.is_some_and(|expires| expires <= end) {
        return Ok(expires);
    }
    let left = end.as_micros().saturating_sub(now.as_micros()) / 1_000_000;
    let left = u64::try_from(left).unwrap_or(0);
    let message = format!("must be at most {left} seconds: the key of this request expires then");
    Err(invalid(left, message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{
        MockUnitOfWork, a_deleted_agent, a_disabled_agent, agent_id, an_agent, at, customer_id,
    };
    use uuid::Uuid;

    fn create(lifetime: Option<u32>) -> Result<AccessKey, CreateAccessKeyError> {
        create_by(lifetime, None)
    }

    fn create_by(
        lifetime: Option<u32>,
        ends_by: Option<Timestamp>,
    ) -> Result<AccessKey, CreateAccessKeyError> {
        let mut uow = MockUnitOfWork::default();
        uow.agents.expect_get().returning(|_| Ok(Some(an_agent(2))));
        uow.keys.expect_insert().returning(|_| Ok(()));
        let command = CreateAccessKey {
            lifetime,
            ends_by,
            ..command()
        };
        create_access_key(&mut uow, &command, (at(0), &Limits::default()))
    }

    fn command() -> CreateAccessKey {
        CreateAccessKey {
            id: Uuid::from_u128(1).into(),
            customer: customer_id(),
            agent: agent_id(2),
            name: "ci".into(),
            detail: String::new(),
            lifetime: None,
            ends_by: None,
            hash: [1; 32],
            prefix: "vb_12345678".into(),
        }
    }

    /// AUTH-09.
    #[test]
    fn a_key_expires_at_the_requested_time_or_never() {
        assert_eq!(create(Some(3)).unwrap().expires, Some(at(3_000_000)));
        assert_eq!(create(None).unwrap().expires, None);
    }

    /// Case 51.
    #[test]
    fn a_key_that_ends_makes_only_keys_that_end_no_later() {
        let end = Some(at(10_500_000));
        for lifetime in [1, 10] {
            assert!(create_by(Some(lifetime), end).unwrap().expires <= end);
        }
        for lifetime in [Some(11), None] {
            let Err(CreateAccessKeyError::Invalid(invalid)) = create_by(lifetime, end) else {
                panic!("{lifetime:?}")
            };
            assert_eq!((&*invalid.field, invalid.limit), ("expire", Some(10)));
        }
    }

    /// AUTH-09: a refusal names the limit.
    #[test]
    fn a_key_is_valid_for_a_second_at_least() {
        for lifetime in [0, MAX_LIFETIME_SECONDS + 1] {
            let refused = create(Some(lifetime));
            let Err(CreateAccessKeyError::Invalid(invalid)) = refused else {
                panic!("{lifetime}")
            };
            assert_eq!(invalid.field, "expire");
        }
    }

    /// AUTH-11: a key acts as its agent.
    #[test]
    fn nobody_gets_a_key_for_an_agent_that_may_not_act() {
        let (disabled, deleted) = (a_disabled_agent(2), a_deleted_agent(2));
        for agent in [Some(disabled), Some(deleted), None] {
            let mut uow = MockUnitOfWork::default();
            let get = uow.agents.expect_get();
            get.returning(move |_| Ok(agent.clone()));
            let refused = create_access_key(&mut uow, &command(), (at(0), &Limits::default()));
            assert!(matches!(refused, Err(CreateAccessKeyError::NoSuchAgent)));
        }
    }

    /// AUTH-09: at most a hundred years.
    #[test]
    fn a_key_is_valid_for_a_hundred_years_at_most() {
        let created = create(Some(MAX_LIFETIME_SECONDS)).unwrap();
        let end = i64::from(MAX_LIFETIME_SECONDS) * 1_000_000;
        assert_eq!(created.expires, Some(at(end)));
    }
}
