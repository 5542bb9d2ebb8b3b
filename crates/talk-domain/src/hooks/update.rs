//! Use case: change an endpoint.

use crate::hooks::access::{NotAdmin, check_admin};
use crate::hooks::create::Wanted;
use crate::hooks::enabling::{disable, enable};
use crate::hooks::unit::HooksUnit;
use crate::hooks::uri::check_uri;
use crate::hooks::webhook::{Disabled, HookLimits, Webhook};
use crate::kernel::context::Context;
use crate::kernel::error::{Invalid, refusals};
use crate::kernel::id::WebhookId;
use crate::kernel::store_error::StoreError;

refusals! {
    /// Refusals of [`update_webhook`] and of every use case of one endpoint.
    pub enum UpdateWebhookError {
        NoSuchWebhook = NotFound "WEBHOOK_NOT_FOUND" "there is no such webhook",
        ..NotAdmin(NotAdmin),
        ..Invalid(Invalid),
        ..Store(StoreError),
    }
}

/// Computes the new settings of an endpoint from the present ones.
pub type Change<'a> = &'a dyn Fn(&Webhook) -> Result<Wanted, Invalid>;

/// Replaces the settings of an endpoint by those that `change` computes.
///
/// # Errors
/// See [`UpdateWebhookError`].
pub fn update_webhook(
    uow: &mut dyn HooksUnit,
    cx: &Context,
    (id, change): (WebhookId, Change<'_>),
    limits: HookLimits,
) -> Result<Webhook, UpdateWebhookError> {
    check_admin(cx)?;
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
        ..enabled(uow, cx, (webhook.clone(), wanted.is_enabled))?
    };
    if changed == webhook {
        return Ok(webhook);
    }
    let changed = Webhook {
        updated: cx.now.max(webhook.updated.next()),
        ..changed
    };
    uow.webhooks().update(&changed)?;
    Ok(changed)
}

/// Enables or disables an endpoint.
fn enabled(
    uow: &mut dyn HooksUnit,
    cx: &Context,
    (webhook, is_enabled): (Webhook, bool),
) -> Result<Webhook, StoreError> {
    match (webhook.disabled, is_enabled) {
        (Some(_), true) => enable(uow, cx, webhook),
        (None, false) => disable(uow, webhook, Disabled::Manually),
        _ => Ok(webhook),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::positions::Position;
    use crate::testing::{MockUnitOfWork, a_wanted, a_webhook, admin_context, agent_id, at};

    const LIMITS: HookLimits = HookLimits {
        webhooks: 1,
        allows_http: false,
    };

    fn update(before: Option<Webhook>, wanted: Wanted) -> Result<Webhook, UpdateWebhookError> {
        let mut uow = MockUnitOfWork::default();
        let get = uow.webhooks.expect_get();
        get.returning(move |_| Ok(before.clone()));
        uow.webhooks.expect_update().returning(|_| Ok(()));
        let position = uow.log.expect_position();
        position.returning(|_| Ok(Some(Position::new(9))));
        let change = move |_: &Webhook| Ok(wanted.clone());
        let cx = admin_context(agent_id(1));
        update_webhook(&mut uow, &cx, (a_webhook().id, &change), LIMITS)
    }

    /// HOOK-08: enabling resets the failures.
    #[test]
    fn an_endpoint_is_disabled_and_enabled_again() {
        let disabled = Wanted {
            is_enabled: false,
            ..a_wanted()
        };
        let disabled = update(Some(a_webhook()), disabled).unwrap();
        assert_eq!(disabled.disabled, Some(Disabled::Manually));
        assert_eq!(disabled.updated, at(1_000_000));
        let failing = Webhook {
            disabled: Some(Disabled::Failing),
            failing_since: Some(at(1)),
            missed: Some(Position::new(4)),
            ..a_webhook()
        };
        let enabled = update(Some(failing), a_wanted()).unwrap();
        assert_eq!((enabled.disabled, enabled.failing_since), (None, None));
        let missed = [disabled.missed, enabled.missed];
        assert_eq!(missed, [9, 4].map(|at| Some(Position::new(at))));
    }

    #[test]
    fn equal_settings_change_nothing() {
        let mut uow = MockUnitOfWork::default();
        uow.webhooks
            .expect_get()
            .returning(|_| Ok(Some(a_webhook())));
        let same = |_: &Webhook| Ok(a_wanted());
        let cx = admin_context(agent_id(1));
        let kept = update_webhook(&mut uow, &cx, (a_webhook().id, &same), LIMITS);
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
