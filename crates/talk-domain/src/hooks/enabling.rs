//! Steps that several use cases share: disable an endpoint, and enable it again.

use crate::hooks::delivery::gap_of;
use crate::hooks::take::CONSUMER;
use crate::hooks::unit::HooksUnit;
use crate::hooks::webhook::{Disabled, Webhook};
use crate::kernel::context::Context;
use crate::kernel::store_error::StoreError;

/// Returns the endpoint as disabled, with the position in the log up to which its deliveries were
/// created.
///
/// # Errors
/// Only when storage fails.
pub(crate) fn disable(
    uow: &mut dyn HooksUnit,
    webhook: Webhook,
    reason: Disabled,
) -> Result<Webhook, StoreError> {
    let missed = match webhook.missed {
        Some(missed) => missed,
        None => match uow.log().position(CONSUMER)? {
            Some(taken) => taken.max(webhook.since),
            None => webhook.since,
        },
    };
    Ok(Webhook {
        disabled: Some(reason),
        missed: Some(missed),
        ..webhook
    })
}

/// Returns the endpoint as enabled, with no failure recorded. [`Webhook::missed`] stays, so that
/// catch-up delivers the events that it missed. If retention has removed some of them, a delivery
/// that reports the gap is stored.
///
/// # Errors
/// Only when storage fails.
pub(crate) fn enable(
    uow: &mut dyn HooksUnit,
    cx: &Context,
    webhook: Webhook,
) -> Result<Webhook, StoreError> {
    if webhook.has_gap {
        let gap = gap_of(&webhook, cx.fresh(), cx.now);
        uow.deliveries().insert(&gap)?;
    }
    Ok(Webhook {
        disabled: None,
        has_gap: false,
        failing_since: None,
        ..webhook
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hooks::delivery::GAP;
    use crate::kernel::positions::Position;
    use crate::testing::{MockUnitOfWork, a_webhook, admin_context, agent_id};

    /// HOOK-20: an endpoint misses the events from the last one on that became a delivery.
    #[test]
    fn a_disabled_endpoint_keeps_the_position_of_its_last_delivery() {
        let at = |position| Some(Position::new(position));
        for (since, taken, missed, expected) in [
            (3, at(5), None, 5),
            (7, at(5), None, 7),
            (3, None, None, 3),
            (3, at(5), at(2), 2),
        ] {
            let mut uow = MockUnitOfWork::default();
            uow.log.expect_position().returning(move |_| Ok(taken));
            let webhook = Webhook {
                since: Position::new(since),
                missed,
                ..a_webhook()
            };
            let disabled = disable(&mut uow, webhook, Disabled::Gone).unwrap();
            assert_eq!(disabled.disabled, Some(Disabled::Gone));
            assert_eq!(disabled.missed, at(expected));
        }
    }

    /// HOOK-20.
    #[test]
    fn an_endpoint_is_informed_of_a_gap_once() {
        let mut uow = MockUnitOfWork::default();
        let insert = uow.deliveries.expect_insert().times(1);
        insert
            .withf(|gap| gap.kind == GAP && gap.webhook == a_webhook().id && gap.due.is_some())
            .returning(|_| Ok(()));
        let disabled = Webhook {
            disabled: Some(Disabled::Failing),
            missed: Some(Position::new(5)),
            has_gap: true,
            ..a_webhook()
        };
        let cx = admin_context(agent_id(1));
        let enabled = enable(&mut uow, &cx, disabled).unwrap();
        assert_eq!(enabled.missed, Some(Position::new(5)));
        assert!(enabled.is_enabled() && !enabled.has_gap);
        enable(&mut uow, &cx, enabled).unwrap();
    }
}
