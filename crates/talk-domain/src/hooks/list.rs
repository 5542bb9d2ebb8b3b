//! Use cases: read endpoints and their deliveries.

use crate::hooks::delivery::{Listed, Status};
use crate::hooks::unit::HooksSnapshot;
use crate::hooks::webhook::Webhook;
use crate::kernel::error::refusals;
use crate::kernel::id::WebhookId;
use crate::kernel::page::{Page, PageRequest};
use crate::kernel::store_error::StoreError;

refusals! {
    /// Refusals of [`show_webhook`] and [`list_deliveries`].
    pub enum ShowWebhookError {
        NoSuchWebhook = NotFound "WEBHOOK_NOT_FOUND" "there is no such webhook",
        ..Store(StoreError),
    }
}

/// Returns an endpoint.
///
/// # Errors
/// See [`ShowWebhookError`].
pub fn show_webhook(
    snapshot: &mut dyn HooksSnapshot,
    id: WebhookId,
) -> Result<Webhook, ShowWebhookError> {
    let found = snapshot.webhooks().get(id)?;
    found.ok_or(ShowWebhookError::NoSuchWebhook)
}

/// Returns a page of the deliveries of an endpoint, with their tries.
///
/// # Errors
/// See [`ShowWebhookError`].
pub fn list_deliveries(
    snapshot: &mut dyn HooksSnapshot,
    id: WebhookId,
    (status, page): (Option<Status>, PageRequest),
) -> Result<Page<Listed>, ShowWebhookError> {
    show_webhook(snapshot, id)?;
    Ok(snapshot.deliveries().page(id, status, page)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::page::Order;
    use crate::testing::{MockSnapshot, a_webhook};

    #[test]
    fn deliveries_of_an_unknown_endpoint_are_not_listed() {
        let mut snapshot = MockSnapshot::default();
        snapshot.webhooks.expect_get().returning(|_| Ok(None));
        let page = PageRequest {
            size: 1,
            after: None,
            order: Order::Ascending,
        };
        let refused = list_deliveries(&mut snapshot, a_webhook().id, (None, page));
        assert!(matches!(refused, Err(ShowWebhookError::NoSuchWebhook)));
    }
}
