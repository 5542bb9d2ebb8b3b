//! Use case: make the open deliveries of an endpoint dead that was disabled by its own failures.

use crate::hooks::attempt::release;
use crate::hooks::delivery::Status;
use crate::hooks::unit::HooksUnit;
use crate::hooks::webhook::Disabled;
use crate::kernel::id::WebhookId;
use crate::kernel::store_error::StoreError;

/// Makes up to `limit` open deliveries of an endpoint dead, if the endpoint answered 410 or failed for
/// too long. Returns whether there may be more.
///
/// # Errors
/// Only when storage fails.
pub fn abandon_some(
    uow: &mut dyn HooksUnit,
    webhook: WebhookId,
    limit: u32,
) -> Result<bool, StoreError> {
    let Some(found) = uow.webhooks().get(webhook)? else {
        return Ok(false);
    };
    if !matches!(found.disabled, Some(Disabled::Gone | Disabled::Failing)) {
        return Ok(false);
    }
    let open = uow.deliveries().open(webhook, limit)?;
    let abandoned = open.len();
    for mut delivery in open {
        let due = delivery.due;
        delivery.close(Status::Dead);
        uow.deliveries().update(&delivery)?;
        // If the endpoint is enabled again before all its deliveries are dead, the next delivery of
        // the stream must be due.
        if let Some(due) = due {
            release(uow, &delivery, due)?;
        }
    }
    Ok(abandoned >= limit as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hooks::webhook::Webhook;
    use crate::testing::{MockUnitOfWork, a_delivery, a_webhook};

    fn abandon(disabled: Option<Disabled>, abandoned: usize) -> bool {
        let mut uow = MockUnitOfWork::default();
        uow.webhooks.expect_get().returning(move |_| {
            Ok(Some(Webhook {
                disabled,
                ..a_webhook()
            }))
        });
        let open = vec![a_delivery(1, 1), a_delivery(2, 2)];
        uow.deliveries
            .expect_open()
            .returning(move |_, _| Ok(open.clone()));
        let update = uow.deliveries.expect_update().times(abandoned);
        update.withf(|row| row.status == Status::Dead && row.due.is_none());
        update.returning(|_| Ok(()));
        uow.deliveries
            .expect_first_open()
            .returning(|_, _| Ok(None));
        abandon_some(&mut uow, a_webhook().id, 2).unwrap()
    }

    /// HOOK-08: waiting deliveries become dead.
    #[test]
    fn waiting_deliveries_of_a_failed_endpoint_become_dead_and_those_of_others_wait() {
        assert!(abandon(Some(Disabled::Gone), 2));
        assert!(abandon(Some(Disabled::Failing), 2));
        assert!(!abandon(Some(Disabled::Manually), 0));
        assert!(!abandon(None, 0));
    }
}
