//! Use case: delete an access key.

use crate::identity::access_key::AccessKey;
use crate::identity::unit::IdentityUnit;
use crate::kernel::error::refusals;
use crate::kernel::id::{AccessKeyId, AgentId};
use crate::kernel::store_error::StoreError;
use crate::kernel::time::Timestamp;

refusals! {
    /// Refusals of [`delete_access_key`].
    pub enum DeleteAccessKeyError {
        NoSuchKey = NotFound "ACCESS_KEY_NOT_FOUND" "there is no such access key",
        ..Store(StoreError),
    }
}

/// Deletes a key of `owner`. With `None`, the operator, it may be any key of the customer.
///
/// # Errors
/// See [`DeleteAccessKeyError`].
pub fn delete_access_key(
    uow: &mut dyn IdentityUnit,
    owner: Option<AgentId>,
    id: AccessKeyId,
    now: Timestamp,
) -> Result<AccessKey, DeleteAccessKeyError> {
    let key = uow
        .keys()
        .get(id)?
        .filter(|key| key.deleted.is_none() && owner.is_none_or(|owner| owner == key.agent));
    let mut key = key.ok_or(DeleteAccessKeyError::NoSuchKey)?;
    key.updated = now.max(key.updated.next());
    key.deleted = Some(key.updated);
    uow.keys().update(&key)?;
    uow.sessions().end(key.agent, now)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MockUnitOfWork, a_key, agent_id, at};
    use uuid::Uuid;

    fn delete(
        owner: Option<AgentId>,
        deleted: Option<Timestamp>,
    ) -> Result<AccessKey, DeleteAccessKeyError> {
        let mut uow = MockUnitOfWork::default();
        uow.keys.expect_get().returning(move |id| {
            Ok(Some(AccessKey {
                id,
                deleted,
                ..a_key()
            }))
        });
        uow.keys.expect_update().returning(|_| Ok(()));
        uow.sessions.expect_end().returning(|_, _| Ok(()));
        delete_access_key(&mut uow, owner, Uuid::from_u128(1).into(), at(9))
    }

    /// AUTH-09: own access keys.
    #[test]
    fn one_deletes_ones_own_keys_once() {
        assert_eq!(
            delete(Some(agent_id(2)), None).unwrap().deleted,
            Some(at(9))
        );
        assert_eq!(delete(None, None).unwrap().deleted, Some(at(9)));
        for refused in [
            delete(Some(agent_id(3)), None),
            delete(Some(agent_id(2)), Some(at(1))),
        ] {
            assert!(matches!(refused, Err(DeleteAccessKeyError::NoSuchKey)));
        }
    }
}
