//! The ports of a transaction and of a snapshot, on which the use cases of webhooks and intercepts
//! run.

use crate::hooks::decision::{DecisionQueries, DecisionRepository};
use crate::hooks::delivery::{DeliveryQueries, DeliveryRepository};
use crate::hooks::intercept::{InterceptQueries, InterceptRepository};
use crate::hooks::webhook::{WebhookQueries, WebhookRepository};
use crate::identity::unit::{IdentitySnapshot, IdentityUnit};
use crate::kernel::store::Domain;

/// The domain of webhooks: the type by which the generic [`Store`](crate::kernel::store::Store)
/// selects these units and snapshots.
#[derive(Clone, Copy, Debug)]
pub enum Hooks {}

impl Domain for Hooks {
    type Unit<'a> = dyn HooksUnit + 'a;
    type Snapshot<'a> = dyn HooksSnapshot + 'a;
}

/// The repositories of webhooks and of identity on one open transaction of one customer.
pub trait HooksUnit: IdentityUnit {
    /// Endpoints.
    fn webhooks(&mut self) -> &mut dyn WebhookRepository;
    /// Deliveries.
    fn deliveries(&mut self) -> &mut dyn DeliveryRepository;
    /// Intercepts.
    fn intercepts(&mut self) -> &mut dyn InterceptRepository;
    /// Decisions of intercepts.
    fn decisions(&mut self) -> &mut dyn DecisionRepository;
}

/// The queries of webhooks and of identity on one snapshot of one customer.
pub trait HooksSnapshot: IdentitySnapshot {
    /// Endpoints.
    fn webhooks(&mut self) -> &mut dyn WebhookQueries;
    /// Deliveries.
    fn deliveries(&mut self) -> &mut dyn DeliveryQueries;
    /// Intercepts.
    fn intercepts(&mut self) -> &mut dyn InterceptQueries;
    /// Decisions of intercepts.
    fn decisions(&mut self) -> &mut dyn DecisionQueries;
}
