//! Use case: delete an endpoint.

use crate::hooks::access::check_admin;
use crate::hooks::unit::HooksUnit;
use crate::hooks::update::UpdateWebhookError;
use crate::hooks::webhook::Webhook;
use crate::kernel::context::Context;
use crate::kernel::id::WebhookId;

/// Deletes an endpoint and returns what it was. Its deliveries are removed later, in bounded steps;
/// none of them is sent any more.
///
/// # Errors
/// See [`UpdateWebhookError`].
pub fn remove_webhook(
    uow: &mut dyn HooksUnit,
    cx: &Context,
    id: WebhookId,
) -> Result<Webhook, UpdateWebhookError> {
    check_admin(cx)?;
    let found = uow.webhooks().get(id)?;
    let webhook = found.ok_or(UpdateWebhookError::NoSuchWebhook)?;
    uow.webhooks().remove(id)?;
    Ok(webhook)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MockUnitOfWork, a_webhook, admin_context, agent_id};

    #[test]
    fn an_endpoint_is_deleted_once() {
        let mut uow = MockUnitOfWork::default();
        let get = uow.webhooks.expect_get();
        get.times(1).returning(|_| Ok(Some(a_webhook())));
        uow.webhooks.expect_remove().times(1).returning(|_| Ok(()));
        let removed = remove_webhook(&mut uow, &admin_context(agent_id(1)), a_webhook().id);
        assert_eq!(removed.unwrap(), a_webhook());
        uow.webhooks.expect_get().returning(|_| Ok(None));
        let again = remove_webhook(&mut uow, &admin_context(agent_id(1)), a_webhook().id);
        assert!(matches!(again, Err(UpdateWebhookError::NoSuchWebhook)));
    }
}
