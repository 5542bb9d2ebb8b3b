//! Changes on behalf of an agent: the unit of work first checks that the agent still may act. The
//! authentication of a request may be long ago when its change is made, since a client may send the
//! body slowly.

use crate::identity::session::Credential;
use crate::identity::session::authenticate::{AuthenticateError, authenticate};
use crate::identity::unit::IdentityUnit;
use crate::kernel::context::Context;
use crate::kernel::error::{CheckedError, DomainError, refusals};
use crate::kernel::idempotency::{
    IdempotencyKey, Once, Repeatable, ReplayError, StoredAnswer, replay,
};
use crate::kernel::store::{Domain, Slot, Store, Unit};
use crate::kernel::store_error::StoreError;
use crate::kernel::time::Timestamp;

/// An authenticated agent that requests a change.
#[derive(Clone, Debug)]
pub struct Requester {
    /// The context, with the agent as authenticated. The unit of work reads its permission again.
    pub cx: Context,
    /// The credential of the agent.
    pub credential: Credential,
    /// The current time, at which the credential must still be valid.
    pub now: Timestamp,
}

refusals! {
    /// Refusals before a use case that runs at most once.
    pub enum OnceError {
        ..Authenticate(AuthenticateError),
        ..Replay(ReplayError),
        ..Store(StoreError),
    }
}

impl<D: Domain> dyn Store<D>
where
    for<'a> D::Unit<'a>: IdentityUnit,
{
    /// Runs `work` like `write`, on behalf of an agent. First checks in the same transaction that
    /// the credential is still valid. `work` gets the context with the agent's current permission.
    ///
    /// # Errors
    /// [`CheckedError::Check`] if the credential or its agent has ended, the error of `work`, or the
    /// store's own.
    pub async fn write_as<T, E>(
        &self,
        name: &'static str,
        mut requester: Requester,
        mut work: impl for<'a, 'b> FnMut(&'b mut D::Unit<'a>, &Context) -> Result<T, E> + Send + 'static,
    ) -> Result<T, CheckedError<AuthenticateError, E>>
    where
        T: Send + 'static,
        E: From<StoreError> + DomainError,
    {
        let unit = Unit::by(requester.cx.actor, name);
        let (slot, result) = Slot::new();
        let change = Box::new(move |uow: &mut D::Unit<'_>| {
            slot.settle(match requester.confirm(uow) {
                Ok(()) => work(uow, &requester.cx).map_err(CheckedError::Work),
                Err(ended) => Err(CheckedError::Check(ended)),
            })
        });
        self.execute(unit, change).await?;
        result.take()
    }

    /// Runs `work` like `write_as`, at most once for a `key`: the answer is stored in the same
    /// transaction, and a repetition gets the stored answer instead of running `work`.
    ///
    /// # Errors
    /// As `write_as`, and [`ReplayError::Reused`] if the key belongs to another request.
    pub async fn write_once<T, E>(
        &self,
        name: &'static str,
        (mut requester, key): (Requester, Option<IdempotencyKey>),
        mut work: impl for<'a, 'b> FnMut(&'b mut D::Unit<'a>, &Context) -> Result<T, E> + Send + 'static,
    ) -> Result<Once<T>, CheckedError<OnceError, E>>
    where
        T: Repeatable + Send + 'static,
        E: From<StoreError> + DomainError,
    {
        let unit = Unit::by(requester.cx.actor, name);
        let (slot, result) = Slot::new();
        let change = Box::new(move |uow: &mut D::Unit<'_>| {
            slot.settle(match requester.confirm(uow) {
                Ok(()) => once(uow, (&requester.cx, key.as_ref()), &mut work),
                Err(ended) => Err(CheckedError::Check(ended.into())),
            })
        });
        self.execute(unit, change).await?;
        result.take()
    }
}

impl Requester {
    /// Reads the agent again inside the unit of work, with its current permission.
    fn confirm<U: IdentityUnit + ?Sized>(&mut self, uow: &mut U) -> Result<(), AuthenticateError> {
        let found = authenticate(uow.directory(), &self.credential, self.now)?.actor;
        let actor = self.cx.actor;
        if (found.customer, found.agent) != (actor.customer, actor.agent) {
            return Err(AuthenticateError::Revoked);
        }
        self.cx.actor = found;
        Ok(())
    }
}

/// Runs `work` unless the key has an answer, and stores its answer under the key.
fn once<U: IdentityUnit + ?Sized, T: Repeatable, E: From<StoreError>>(
    uow: &mut U,
    (cx, key): (&Context, Option<&IdempotencyKey>),
    work: &mut impl FnMut(&mut U, &Context) -> Result<T, E>,
) -> Result<Once<T>, CheckedError<OnceError, E>> {
    let agent = cx.actor.agent;
    if let Some(key) = key {
        let answer = replay(uow.idempotency(), agent, cx.now, key);
        if let Some(answer) = answer.map_err(|refused| CheckedError::Check(refused.into()))? {
            return Ok(Once::Repeated(answer));
        }
    }
    let result = work(uow, cx).map_err(CheckedError::Work)?;
    if let Some(key) = key {
        uow.idempotency().insert(&StoredAnswer {
            agent,
            key: key.key.clone(),
            fingerprint: key.fingerprint,
            answer: result.answer(),
            at: cx.now,
        })?;
    }
    Ok(Once::New(result))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::agent::Agent;
    use crate::identity::credentials::{TokenClaims, VerifiedToken};
    use crate::kernel::context::{Actor, IdSource, Permission};
    use crate::kernel::idempotency::Answer;
    use crate::kernel::limits::Limits;
    use crate::testing::{MockUnitOfWork, actor, agent_id, an_agent, at};
    use uuid::Uuid;

    fn unit(agent: Agent, is_revoked: bool) -> MockUnitOfWork {
        let mut uow = MockUnitOfWork::default();
        uow.directory
            .expect_agent()
            .returning(move |_| Ok(Some(agent.clone())));
        uow.directory
            .expect_is_revoked()
            .returning(move |_| Ok(is_revoked));
        uow
    }

    fn requester() -> Requester {
        let actor = Actor {
            permission: Permission::Admin,
            ..actor(agent_id(2))
        };
        let ids = IdSource::new(at(10), 7);
        Requester {
            cx: Context::new(actor, at(10), Limits::default(), ids),
            credential: Credential::Token(VerifiedToken::Local(TokenClaims {
                agent: agent_id(2),
                token: Uuid::from_u128(1).into(),
                generation: 0,
                expires: at(99),
            })),
            now: at(10),
        }
    }

    /// Case 48.
    #[test]
    fn a_change_is_made_with_the_permission_of_its_time() {
        for permission in [Permission::Agent, Permission::Manager] {
            let agent = Agent {
                permission,
                ..an_agent(2)
            };
            let mut requester = requester();
            requester.confirm(&mut unit(agent, false)).unwrap();
            assert_eq!(requester.cx.actor.permission, permission);
        }
    }

    /// Case 48.
    #[test]
    fn an_actor_whose_session_has_ended_changes_nothing() {
        let deleted = Agent {
            deleted: Some(at(1)),
            ..an_agent(2)
        };
        let another = an_agent(3);
        for (agent, is_revoked) in [(an_agent(2), true), (deleted, false), (another, false)] {
            let refused = requester().confirm(&mut unit(agent, is_revoked));
            assert!(matches!(refused, Err(AuthenticateError::Revoked)));
        }
    }

    #[derive(Debug, PartialEq)]
    struct Named(&'static str);

    impl Repeatable for Named {
        fn answer(&self) -> Answer {
            Answer::Body(self.0.into())
        }
    }

    type OnceResult = Result<Once<Named>, CheckedError<OnceError, StoreError>>;

    /// Runs work that answers "new", with a key of the fingerprint `[1; 32]` if there is one.
    fn run(uow: &mut MockUnitOfWork, is_keyed: bool) -> (OnceResult, u32) {
        let key = IdempotencyKey {
            key: "k-12345678".into(),
            fingerprint: [1; 32],
        };
        let (cx, mut runs) = (requester().cx, 0);
        let answered = once(uow, (&cx, is_keyed.then_some(&key)), &mut |_, _| {
            runs += 1;
            Ok(Named("new"))
        });
        (answered, runs)
    }

    fn stored(fingerprint: u8) -> MockUnitOfWork {
        let mut uow = MockUnitOfWork::default();
        uow.idempotency.expect_find().returning(move |agent, key| {
            Ok(Some(StoredAnswer {
                agent,
                key: key.to_owned(),
                fingerprint: [fingerprint; 32],
                answer: Answer::Body("old".into()),
                at: at(0),
            }))
        });
        uow
    }

    #[test]
    fn an_answer_is_stored_under_its_key_in_the_same_unit_of_work() {
        let mut uow = MockUnitOfWork::default();
        uow.idempotency.expect_find().returning(|_, _| Ok(None));
        let insert = uow.idempotency.expect_insert().times(1);
        insert
            .withf(|stored| {
                let key = (stored.agent, &*stored.key, stored.fingerprint);
                key == (agent_id(2), "k-12345678", [1; 32])
                    && (&stored.answer, stored.at) == (&Answer::Body("new".into()), at(10))
            })
            .returning(|_| Ok(()));
        let (answered, runs) = run(&mut uow, true);
        assert_eq!((answered.unwrap(), runs), (Once::New(Named("new")), 1));
    }

    #[test]
    fn a_repetition_gets_the_stored_answer_and_changes_nothing() {
        let (answered, runs) = run(&mut stored(1), true);
        let old = Once::Repeated(Answer::Body("old".into()));
        assert_eq!((answered.unwrap(), runs), (old, 0));
    }

    #[test]
    fn a_key_of_another_request_is_refused_before_the_use_case() {
        let (answered, runs) = run(&mut stored(2), true);
        let refused = answered.unwrap_err();
        assert_eq!((refused.reason(), runs), ("IDEMPOTENCY_KEY_REUSED", 0));
    }

    #[test]
    fn without_a_key_no_answer_is_stored() {
        let (answered, runs) = run(&mut MockUnitOfWork::default(), false);
        assert_eq!((answered.unwrap(), runs), (Once::New(Named("new")), 1));
    }
}
