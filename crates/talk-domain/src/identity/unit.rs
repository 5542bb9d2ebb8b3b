//! The ports of an open transaction that the use cases of identity run on.

use crate::identity::access_key::{AccessKeyQueries, AccessKeyRepository};
use crate::identity::agent::{AgentQueries, AgentRepository};
use crate::identity::customer::{CustomerRemoval, CustomerRepository};
use crate::identity::departure::Departure;
use crate::identity::session::{Directory, SessionRepository};
use crate::kernel::unit::{Snapshot, UnitOfWork};

/// One open transaction of one customer, seen as the repositories of identity.
pub trait IdentityUnit: UnitOfWork {
    /// Agents.
    fn agents(&mut self) -> &mut dyn AgentRepository;
    /// Access keys.
    fn keys(&mut self) -> &mut dyn AccessKeyRepository;
    /// Ended sessions.
    fn sessions(&mut self) -> &mut dyn SessionRepository;
    /// Customers.
    fn customers(&mut self) -> &mut dyn CustomerRepository;
    /// Rows of a deleted customer.
    fn customer_removal(&mut self) -> &mut dyn CustomerRemoval;
    /// Lookups across all customers.
    fn directory(&mut self) -> &mut dyn Directory;
    /// The products that change their data with a deletion.
    fn products(&mut self) -> &mut dyn Departure;
}

/// One consistent read of one customer, seen as the queries of identity.
pub trait IdentitySnapshot: Snapshot {
    /// Agents.
    fn agents(&mut self) -> &mut dyn AgentQueries;
    /// Access keys.
    fn keys(&mut self) -> &mut dyn AccessKeyQueries;
    /// Lookups across all customers.
    fn directory(&mut self) -> &mut dyn Directory;
}
