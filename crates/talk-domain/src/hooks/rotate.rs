//! Use case: replace the secret of an endpoint.

use crate::hooks::access::check_admin;
use crate::hooks::unit::HooksUnit;
use crate::hooks::update::UpdateWebhookError;
use crate::hooks::webhook::Webhook;
use crate::kernel::context::Context;
use crate::kernel::id::WebhookId;
use crate::kernel::secret::Sealed;

/// Replaces the secret of an endpoint. Both secrets sign for a day.
///
/// # Errors
/// See [`UpdateWebhookError`].
pub fn rotate_secret(
    uow: &mut dyn HooksUnit,
    cx: &Context,
    (id, new): (WebhookId, Sealed),
) -> Result<Webhook, UpdateWebhookError> {
    check_admin(cx)?;
    let now = cx.now;
    let found = uow.webhooks().get(id)?;
    let webhook = found.ok_or(UpdateWebhookError::NoSuchWebhook)?;
    let rotated = Webhook {
        secrets: webhook.secrets.clone().rotated(new, now),
        updated: now.max(webhook.updated.next()),
        ..webhook
    };
    uow.webhooks().update(&rotated)?;
    Ok(rotated)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MockUnitOfWork, a_webhook, admin_context, agent_id, at};

    /// HOOK-04.
    #[test]
    fn the_secret_before_stays_for_a_day() {
        let mut uow = MockUnitOfWork::default();
        uow.webhooks
            .expect_get()
            .returning(|_| Ok(Some(a_webhook())));
        uow.webhooks.expect_update().times(1).returning(|_| Ok(()));
        let cx = admin_context(agent_id(1));
        let new = Sealed(vec![2]);
        let rotated = rotate_secret(&mut uow, &cx, (a_webhook().id, new.clone())).unwrap();
        let old = a_webhook().secrets.current;
        assert_eq!(rotated.secrets.signing(at(1_000_001)), [&new, &old]);
        assert_eq!(rotated.updated, at(1_000_000));
    }
}
