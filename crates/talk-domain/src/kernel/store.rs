//! The store: runs units of work and reads of a domain.

use std::sync::{Arc, Mutex, PoisonError};

use crate::kernel::context::Actor;
use crate::kernel::error::{DomainError, ErrorKind};
use crate::kernel::future::BoxFuture;
use crate::kernel::id::{AgentId, CustomerId};
use crate::kernel::store_error::StoreError;

/// Identifies a transaction: its name for traces and slow logs, the customer whose rows it sees, and
/// the agent on whose behalf it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unit {
    /// The use case.
    pub name: &'static str,
    /// The customer whose rows it sees; `None` for lookups in the directory and for work on the
    /// whole installation.
    pub customer: Option<CustomerId>,
    /// The agent on whose behalf it runs; `None` for work of the server itself and of operators.
    /// The store shares its time fairly among customers, and among the agents of a customer.
    pub agent: Option<AgentId>,
    /// The connections that it reads on; ignored for a unit that writes.
    pub lane: ReadLane,
}

/// The connections that a read uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReadLane {
    /// The connections that customers share.
    #[default]
    Shared,
    /// Few connections, for reads that compare many texts: searches keep a processor busy for as
    /// long as they run. All together have at most half of the processors, so that other reads and
    /// the writer are not slowed by them.
    Search,
    /// Separate connections for authentication, login and readiness checks, which find a few rows
    /// by key. They never wait behind lists and searches.
    Reserved,
}

impl Unit {
    /// Creates a unit of `customer` that runs on behalf of no agent.
    #[must_use]
    pub const fn of(customer: CustomerId, name: &'static str) -> Self {
        Self {
            name,
            customer: Some(customer),
            agent: None,
            lane: ReadLane::Shared,
        }
    }

    /// Creates a unit that runs on behalf of `actor`.
    #[must_use]
    pub const fn by(actor: Actor, name: &'static str) -> Self {
        Self {
            name,
            customer: Some(actor.customer),
            agent: Some(actor.agent),
            lane: ReadLane::Shared,
        }
    }

    /// The same unit, reading in `lane`.
    #[must_use]
    pub const fn in_lane(mut self, lane: ReadLane) -> Self {
        self.lane = lane;
        self
    }

    /// Creates a unit without a customer, for lookups in the directory and for work on the whole
    /// installation. Ports that are limited to one customer find no rows in it. It reads in
    /// [`ReadLane::Reserved`].
    #[must_use]
    pub const fn installation(name: &'static str) -> Self {
        Self {
            name,
            customer: None,
            agent: None,
            lane: ReadLane::Reserved,
        }
    }
}

/// The outcome of the work of a transaction, which decides how the transaction ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Commit its effects.
    Commit,
    /// Roll back: the work was refused.
    Rollback,
    /// Roll back: storage failed, and the effects so far are unknown.
    Failed,
    /// Roll back and run it again, as the database requires.
    Retry,
}

/// A domain: the types of the units of work and snapshots on which its use cases run. An empty type
/// stands for each domain.
pub trait Domain: 'static {
    /// One open transaction of one customer, as the repositories of the domain.
    type Unit<'a>: ?Sized;
    /// One consistent read of one customer, as the queries of the domain.
    type Snapshot<'a>: ?Sized;
}

/// The work of a unit. It may run again, so it borrows its command.
pub type Work<D> = Box<dyn for<'a> FnMut(&'a mut <D as Domain>::Unit<'a>) -> Verdict + Send>;

/// The work of a read. It may run again.
pub type ReadWork<D> =
    Box<dyn for<'a> FnMut(&'a mut <D as Domain>::Snapshot<'a>) -> Verdict + Send>;

/// Driven port: the state of the database that all domains share.
pub trait Database: Send + Sync {
    /// Returns the identity of the event log. A position of another log is meaningless here.
    fn epoch(&self) -> &str;

    /// Returns whether the disk was full at the last change. Changes are then refused, and reads
    /// still work.
    fn is_full(&self) -> bool {
        false
    }

    /// Finishes the queued units and closes the database, also if the store is still shared. Later
    /// units and reads are refused.
    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }
}

/// Driven port: runs units of work and reads of the domain `D`.
pub trait Store<D: Domain>: Database {
    /// Runs `work` in one transaction and resolves once its effects are durable (or undone). The
    /// bell has rung for the committed events by then.
    fn execute(&self, unit: Unit, work: Work<D>) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Runs `work` on one consistent snapshot.
    fn query(&self, unit: Unit, work: ReadWork<D>) -> BoxFuture<'_, Result<(), StoreError>>;
}

/// Passes the result of a unit's work to its caller, because the store gets only the verdict. Both
/// values of [`Slot::new`] share it.
pub(crate) struct Slot<T, E>(Arc<Mutex<Option<Result<T, E>>>>);

impl<T, E: DomainError + From<StoreError>> Slot<T, E> {
    /// Creates the slot for the work and for its caller.
    pub(crate) fn new() -> (Self, Self) {
        let slot = Arc::default();
        (Self(Arc::clone(&slot)), Self(slot))
    }

    /// Stores a result, and returns the verdict on its transaction.
    pub(crate) fn settle(&self, result: Result<T, E>) -> Verdict {
        let verdict = match &result {
            Ok(_) => Verdict::Commit,
            Err(error) if error.wants_retry() => Verdict::Retry,
            Err(error) => match error.kind() {
                ErrorKind::Unavailable | ErrorKind::Internal => Verdict::Failed,
                _ => Verdict::Rollback,
            },
        };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
        verdict
    }

    /// Takes the result out.
    pub(crate) fn take(&self) -> Result<T, E> {
        let result = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        result.unwrap_or_else(|| Err(StoreError::Corrupt("the unit never ran".into()).into()))
    }
}

impl<D: Domain> dyn Store<D> {
    /// Runs `work` in one transaction: `Ok` commits and is durable, `Err` rolls back.
    ///
    /// # Errors
    /// The error of `work`, or the store's own.
    pub async fn write<T, E>(
        &self,
        unit: Unit,
        mut work: impl for<'a> FnMut(&'a mut D::Unit<'a>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + DomainError,
    {
        let (slot, result) = Slot::new();
        self.execute(unit, Box::new(move |uow| slot.settle(work(uow))))
            .await?;
        result.take()
    }

    /// Runs `work` on one consistent snapshot.
    ///
    /// # Errors
    /// The error of `work`, or the store's own.
    pub async fn read<T, E>(
        &self,
        unit: Unit,
        mut work: impl for<'a> FnMut(&'a mut D::Snapshot<'a>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + DomainError,
    {
        let (slot, result) = Slot::new();
        self.query(unit, Box::new(move |snapshot| slot.settle(work(snapshot))))
            .await?;
        result.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::talk::message::edit::EditMessageError;
    use crate::talk::unit::Talk;
    use crate::testing::{MockSnapshot, MockUnitOfWork, actor, agent_id, customer_id};
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    /// A store that runs each unit once on mocks that expect no call.
    #[derive(Default)]
    struct Once {
        verdicts: Mutex<Vec<(Unit, Verdict)>>,
        never_runs: bool,
    }

    impl Once {
        fn note(&self, unit: Unit, verdict: impl FnOnce() -> Verdict) {
            if !self.never_runs {
                let verdict = verdict();
                self.verdicts.lock().unwrap().push((unit, verdict));
            }
        }
    }

    impl Store<Talk> for Once {
        fn execute(
            &self,
            unit: Unit,
            mut work: Work<Talk>,
        ) -> BoxFuture<'_, Result<(), StoreError>> {
            self.note(unit, || work(&mut MockUnitOfWork::default()));
            Box::pin(async { Ok(()) })
        }
        fn query(
            &self,
            unit: Unit,
            mut work: ReadWork<Talk>,
        ) -> BoxFuture<'_, Result<(), StoreError>> {
            self.note(unit, || work(&mut MockSnapshot::default()));
            Box::pin(async { Ok(()) })
        }
    }

    impl Database for Once {
        fn epoch(&self) -> &'static str {
            "epoch"
        }
    }

    fn ready<T>(future: impl Future<Output = T>) -> T {
        let mut cx = Context::from_waker(Waker::noop());
        match pin!(future).poll(&mut cx) {
            Poll::Ready(value) => value,
            Poll::Pending => panic!("nothing here waits"),
        }
    }

    fn refusal(kind: ErrorKind) -> EditMessageError {
        match kind {
            ErrorKind::Unavailable => StoreError::Busy.into(),
            ErrorKind::Internal => StoreError::Corrupt("row".into()).into(),
            _ => EditMessageError::Deleted,
        }
    }

    /// Invariant: one use case is one transaction, all or nothing.
    #[test]
    fn a_unit_is_kept_undone_or_run_again_by_its_outcome() {
        let unit = Unit::of(customer_id(), "test");
        for (outcome, verdict) in [
            (Ok(7), Verdict::Commit),
            (Err(ErrorKind::FailedPrecondition), Verdict::Rollback),
            (Err(ErrorKind::Unavailable), Verdict::Failed),
            (Err(ErrorKind::Internal), Verdict::Failed),
        ] {
            let store = Once::default();
            let work = move || outcome.map_err(refusal);
            let written = ready((&store as &dyn Store<Talk>).write(unit, move |_| work()));
            let read = ready((&store as &dyn Store<Talk>).read(unit, move |_| work()));
            for result in [written, read] {
                assert_eq!(result.map_err(|error| error.kind()), outcome);
            }
            assert_eq!(*store.verdicts.lock().unwrap(), [(unit, verdict); 2]);
        }
        let store = Once::default();
        let conflict =
            (&store as &dyn Store<Talk>).write(unit, |_| Err::<(), _>(StoreError::Conflict));
        assert!(matches!(ready(conflict), Err(StoreError::Conflict)));
        assert_eq!(*store.verdicts.lock().unwrap(), [(unit, Verdict::Retry)]);
    }

    #[test]
    fn a_unit_that_never_ran_has_failed() {
        let store = Once {
            never_runs: true,
            ..Once::default()
        };
        let unit = Unit::installation("test");
        let written = (&store as &dyn Store<Talk>).write(unit, |_| Ok::<_, StoreError>(()));
        assert!(matches!(ready(written), Err(StoreError::Corrupt(_))));
        assert!(!store.is_full());
        ready(store.close());
    }

    /// The store shares its time among customers and agents by the fields of a unit.
    #[test]
    fn a_unit_says_whose_it_is_and_where_it_reads() {
        let asked = Unit::by(actor(agent_id(1)), "test");
        let whose = (asked.customer, asked.agent, asked.lane);
        let (customer, agent) = (Some(customer_id()), Some(agent_id(1)));
        assert_eq!(whose, (customer, agent, ReadLane::Shared));
        let search = asked.in_lane(ReadLane::Search);
        assert_eq!((search.agent, search.lane), (agent, ReadLane::Search));
        let own = Unit::of(customer_id(), "test");
        let whose = (own.customer, own.agent, own.lane);
        assert_eq!(whose, (customer, None, ReadLane::Shared));
        let above = Unit::installation("test");
        let whose = (above.customer, above.agent, above.lane);
        assert_eq!(whose, (None, None, ReadLane::Reserved));
    }
}
