//! The ports of an open transaction that the use cases of webhooks run on.

use crate::hooks::decision::{DecisionQueries, DecisionRepository};
use crate::hooks::delivery::{DeliveryQueries, DeliveryRepository};
use crate::hooks::intercept::{InterceptQueries, InterceptRepository};
use crate::hooks::webhook::{WebhookQueries, WebhookRepository};
use crate::identity::unit::{IdentitySnapshot, IdentityUnit};
use crate::kernel::store::Domain;

/// The domain of webhooks, for [`Store`](crate::kernel::store::Store).
#[derive(Clone, Copy, Debug)]
pub enum Hooks {}

impl Domain for Hooks {
    type Unit<'a> = dyn HooksUnit + 'a;
    type Snapshot<'a> = dyn HooksSnapshot + 'a;
}

/// One open transaction of one customer, seen as the repositories of webhooks and of identity.
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

/// One consistent read of one customer, seen as the queries of webhooks and of identity.
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
