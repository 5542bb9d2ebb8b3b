//! Use case: change an endpoint.

use crate::hooks::create::Wanted;
use crate::hooks::unit::HooksUnit;
use crate::hooks::uri::check_uri;
use crate::hooks::webhook::{Disabled, HookLimits, Webhook};
use crate::kernel::error::{Invalid, refusals};
use crate::kernel::id::WebhookId;
use crate::kernel::store_error::StoreError;
use crate::kernel::time::Timestamp;

refusals! {
    /// Refusals of [`update_webhook`] and of every use case of one endpoint.
    pub enum UpdateWebhookError {
        NoSuchWebhook = NotFound "WEBHOOK_NOT_FOUND" "there is no such webhook",
        ..Invalid(Invalid),
        ..Store(StoreError),
    }
}

/// Replaces the settings of an endpoint. `change` gets the present ones.
///
/// # Errors
/// See [`UpdateWebhookError`].
pub fn update_webhook(
    uow: &mut dyn HooksUnit,
    id: WebhookId,
    change: &dyn Fn(&Webhook) -> Result<Wanted, Invalid>,
    (now, limits): (Timestamp, HookLimits),
) -> Result<Webhook, UpdateWebhookError> {
    let found = uow.webhooks().get(id)?;
    let webhook = found.ok_or(UpdateWebhookError::NoSuchWebhook)?;
    let wanted = change(&webhook)?;
    check_uri("uri", &wanted.uri, limits.allows_http)?;
    let changed = Webhook {
        uri: wanted.uri,
        method: wanted.method,
        events: wanted.events,
        stream: wanted.stream,
        order: wanted.order,
        ..enabled(webhook.clone(), wanted.is_enabled)
    };
    if changed == webhook {
        return Ok(webhook);
    }
    let changed = Webhook {
        updated: now.max(webhook.updated.next()),
        ..changed
    };
    uow.webhooks().update(&changed)?;
    Ok(changed)
}

/// Enables or disables an endpoint. An endpoint that is enabled again has not failed yet.
fn enabled(webhook: Webhook, is_enabled: bool) -> Webhook {
    match (webhook.disabled, is_enabled) {
        (Some(_), true) => Webhook {
            disabled: None,
            failing_since: None,
            ..webhook
        },
        (None, false) => Webhook {
            disabled: Some(Disabled::Manually),
            ..webhook
        },
        _ => webhook,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MockUnitOfWork, a_wanted, a_webhook, at};

    const LIMITS: HookLimits = HookLimits {
        webhooks: 1,
        allows_http: false,
    };

    fn update(before: Option<Webhook>, wanted: Wanted) -> Result<Webhook, UpdateWebhookError> {
        let mut uow = MockUnitOfWork::default();
        let get = uow.webhooks.expect_get();
        get.returning(move |_| Ok(before.clone()));
        uow.webhooks.expect_update().returning(|_| Ok(()));
        let change = move |_: &Webhook| Ok(wanted.clone());
        update_webhook(&mut uow, a_webhook().id, &change, (at(9), LIMITS))
    }

    /// HOOK-08: enabling begins anew.
    #[test]
    fn an_endpoint_is_disabled_and_enabled_again() {
        let disabled = Wanted {
            is_enabled: false,
            ..a_wanted()
        };
        let disabled = update(Some(a_webhook()), disabled).unwrap();
        assert_eq!(disabled.disabled, Some(Disabled::Manually));
        assert_eq!(disabled.updated, at(9));
        let failing = Webhook {
            disabled: Some(Disabled::Failing),
            failing_since: Some(at(1)),
            ..a_webhook()
        };
        let enabled = update(Some(failing), a_wanted()).unwrap();
        assert_eq!((enabled.disabled, enabled.failing_since), (None, None));
    }

    #[test]
    fn settings_that_stay_change_nothing() {
        let mut uow = MockUnitOfWork::default();
        uow.webhooks
            .expect_get()
            .returning(|_| Ok(Some(a_webhook())));
        let same = |_: &Webhook| Ok(a_wanted());
        let kept = update_webhook(&mut uow, a_webhook().id, &same, (at(9), LIMITS));
        assert_eq!(kept.unwrap(), a_webhook());
    }

    #[test]
    fn an_unknown_endpoint_and_a_forbidden_address_are_refused() {
        let unknown = update(None, a_wanted());
        assert!(matches!(unknown, Err(UpdateWebhookError::NoSuchWebhook)));
        let wanted = Wanted {
            uri: "ftp://e.test".into(),
            ..a_wanted()
        };
        let refused = update(Some(a_webhook()), wanted);
        assert!(matches!(refused, Err(UpdateWebhookError::Invalid(_))));
    }
}
