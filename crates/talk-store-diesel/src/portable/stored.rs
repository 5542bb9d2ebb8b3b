//! The domains whose units of work and snapshots the store can run.

use conversation_domain::unit::Conversations;
use talk_domain::hooks::unit::Hooks;
use talk_domain::kernel::store::{Domain, ReadWork, Verdict, Work};
use talk_domain::talk::unit::Talk;

use crate::portable::snapshot::DieselSnapshot;
use crate::portable::unit::DieselUnit;

/// A domain whose ports [`DieselUnit`] and [`DieselSnapshot`] implement.
pub trait StoredDomain: Domain {
    /// Returns the unit as the repositories of the domain.
    fn unit<'a>(unit: &'a mut DieselUnit<'_>) -> &'a mut Self::Unit<'a>;

    /// Returns the snapshot as the queries of the domain.
    fn snapshot<'a>(snapshot: &'a mut DieselSnapshot<'_>) -> &'a mut Self::Snapshot<'a>;
}

impl StoredDomain for Conversations {
    fn unit<'a>(unit: &'a mut DieselUnit<'_>) -> &'a mut Self::Unit<'a> {
        unit
    }

    fn snapshot<'a>(snapshot: &'a mut DieselSnapshot<'_>) -> &'a mut Self::Snapshot<'a> {
        snapshot
    }
}

impl StoredDomain for Hooks {
    fn unit<'a>(unit: &'a mut DieselUnit<'_>) -> &'a mut Self::Unit<'a> {
        unit
    }

    fn snapshot<'a>(snapshot: &'a mut DieselSnapshot<'_>) -> &'a mut Self::Snapshot<'a> {
        snapshot
    }
}

impl StoredDomain for Talk {
    fn unit<'a>(unit: &'a mut DieselUnit<'_>) -> &'a mut Self::Unit<'a> {
        unit
    }

    fn snapshot<'a>(snapshot: &'a mut DieselSnapshot<'_>) -> &'a mut Self::Snapshot<'a> {
        snapshot
    }
}

/// The work of a unit of any domain.
pub(crate) type AnyWork = Box<dyn FnMut(&mut DieselUnit<'_>) -> Verdict + Send>;

/// The work of a read of any domain.
pub(crate) type AnyReadWork = Box<dyn FnMut(&mut DieselSnapshot<'_>) -> Verdict + Send>;

/// Turns the work of a domain into work on the store's own unit.
pub(crate) fn any<D: StoredDomain>(mut work: Work<D>) -> AnyWork {
    Box::new(move |unit| work(D::unit(unit)))
}

/// Turns the read of a domain into a read of the store's own snapshot.
pub(crate) fn any_read<D: StoredDomain>(mut work: ReadWork<D>) -> AnyReadWork {
    Box::new(move |snapshot| work(D::snapshot(snapshot)))
}
