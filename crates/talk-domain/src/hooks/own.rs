//! Use case: set the customer's own endpoint, by the fields `webhook_method` and `webhook_uri` of
//! the customer.

use crate::hooks::access::{NotAdmin, check_admin};
use crate::hooks::create::Wanted;
use crate::hooks::enabling::enable;
use crate::hooks::unit::HooksUnit;
use crate::hooks::uri::check_uri;
use crate::hooks::webhook::{HookLimits, Method, Webhook};
use crate::kernel::context::Context;
use crate::kernel::error::{Invalid, refusals};
use crate::kernel::id::WebhookId;
use crate::kernel::secret::Sealed;
use crate::kernel::store_error::StoreError;

/// The command. The new endpoint's id and secret are used only if there is none yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetOwnWebhook {
    /// Method; `None` if it stays.
    pub method: Option<Method>,
    /// Address, empty for none; `None` if it stays.
    pub uri: Option<String>,
    /// Identity of a new endpoint.
    pub id: WebhookId,
    /// Sealed secret of a new endpoint. `None` if the installation has no key.
    pub secret: Option<Sealed>,
}

refusals! {
    /// Refusals of [`set_own_webhook`].
    pub enum SetOwnWebhookError {
        NoKey = FailedPrecondition "SECRETS_KEY_MISSING" "the server has no secrets_key, so it stores no secrets",
        NoUri = FailedPrecondition "WEBHOOK_URI_MISSING" "a webhook_method needs a webhook_uri",
        ..NotAdmin(NotAdmin),
        ..Invalid(Invalid),
        ..Store(StoreError),
    }
}

/// Sets address and method of the customer's own endpoint. The first address creates it, and an empty
/// one deletes it.
///
/// # Errors
/// See [`SetOwnWebhookError`].
pub fn set_own_webhook(
    uow: &mut dyn HooksUnit,
    cx: &Context,
    command: &SetOwnWebhook,
    limits: HookLimits,
) -> Result<Option<Webhook>, SetOwnWebhookError> {
    check_admin(cx)?;
    let own = uow.webhooks().all()?.into_iter().find(|one| one.is_own);
    let uri = command.uri.as_deref();
    if let Some(uri) = uri.filter(|uri| !uri.is_empty()) {
        check_uri("webhook_uri", uri, limits.allows_http)?;
    }
    match (own, uri) {
        (Some(own), Some("")) => {
            uow.webhooks().remove(own.id)?;
            Ok(None)
        }
        (Some(own), uri) => changed(uow, cx, (own, uri, command.method)).map(Some),
        (None, Some(uri)) if !uri.is_empty() => created(uow, cx, (uri, command)).map(Some),
        (None, _) if command.method.is_some() => Err(SetOwnWebhookError::NoUri),
        (None, _) => Ok(None),
    }
}

fn changed(
    uow: &mut dyn HooksUnit,
    cx: &Context,
    (own, uri, method): (Webhook, Option<&str>, Option<Method>),
) -> Result<Webhook, SetOwnWebhookError> {
    let changed = Webhook {
        uri: uri.map_or_else(|| own.uri.clone(), str::to_owned),
        method: method.unwrap_or(own.method),
        ..own.clone()
    };
    if changed == own {
        return Ok(own);
    }
    // The failures of the old address do not count for the new one.
    let changed = Webhook {
        updated: cx.now.max(own.updated.next()),
        ..enable(uow, cx, changed)?
    };
    uow.webhooks().update(&changed)?;
    Ok(changed)
}

fn created(
    uow: &mut dyn HooksUnit,
    cx: &Context,
    (uri, command): (&str, &SetOwnWebhook),
) -> Result<Webhook, SetOwnWebhookError> {
    let secret = command.secret.clone().ok_or(SetOwnWebhookError::NoKey)?;
    let wanted = Wanted::everything_to(uri.to_owned());
    let webhook = Webhook {
        is_own: true,
        method: command.method.unwrap_or(wanted.method),
        ..wanted.endpoint(cx, (command.id, secret, uow.log().end()?))
    };
    uow.webhooks().insert(&webhook)?;
    Ok(webhook)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hooks::webhook::{DeliveryOrder, Disabled};
    use crate::kernel::positions::Position;
    use crate::testing::{MockUnitOfWork, a_webhook, admin_context, agent_id};
    use uuid::Uuid;

    fn own() -> Webhook {
        Webhook {
            is_own: true,
            ..a_webhook()
        }
    }

    fn set(
        uow: &mut MockUnitOfWork,
        (before, uri): (Option<Webhook>, Option<&str>),
        method: Option<Method>,
    ) -> Result<Option<Webhook>, SetOwnWebhookError> {
        let all: Vec<_> = [a_webhook()].into_iter().chain(before).collect();
        uow.webhooks.expect_all().returning(move || Ok(all.clone()));
        uow.log.expect_end().returning(|| Ok(Position::new(9)));
        let command = SetOwnWebhook {
            method,
            uri: uri.map(str::to_owned),
            id: Uuid::from_u128(7).into(),
            secret: Some(Sealed(vec![7])),
        };
        let limits = HookLimits {
            webhooks: 0,
            allows_http: false,
        };
        set_own_webhook(uow, &admin_context(agent_id(1)), &command, limits)
    }

    /// HOOK-03: the secret is made when the address is first set.
    #[test]
    fn the_first_address_creates_the_endpoint_of_the_customer() {
        let mut uow = MockUnitOfWork::default();
        uow.webhooks.expect_insert().times(1).returning(|_| Ok(()));
        let made = set(&mut uow, (None, Some("https://e.test/")), Some(Method::Put));
        let made = made.unwrap().unwrap();
        assert!(made.is_own && made.is_enabled() && made.since == Position::new(9));
        assert_eq!(
            (made.method, made.order),
            (Method::Put, DeliveryOrder::Stream)
        );
        assert_eq!(made.secrets.current, Sealed(vec![7]));
    }

    /// HOOK-03: a later address keeps the secret.
    #[test]
    fn another_address_keeps_the_secret_and_enables_the_endpoint() {
        let mut uow = MockUnitOfWork::default();
        uow.webhooks.expect_update().times(1).returning(|_| Ok(()));
        let gone = Webhook {
            disabled: Some(Disabled::Gone),
            missed: Some(Position::new(4)),
            ..own()
        };
        let set = set(&mut uow, (Some(gone), Some("https://new.test/")), None);
        let set = set.unwrap().unwrap();
        assert!(set.is_enabled() && set.updated > own().updated);
        assert_eq!(set.secrets, own().secrets);
        assert_eq!(set.uri, "https://new.test/");
        assert_eq!(set.missed, Some(Position::new(4)), "it gets what it missed");
    }

    /// HOOK-03.
    #[test]
    fn an_empty_address_deletes_the_endpoint() {
        let mut uow = MockUnitOfWork::default();
        uow.webhooks.expect_remove().times(1).returning(|_| Ok(()));
        assert_eq!(set(&mut uow, (Some(own()), Some("")), None).unwrap(), None);
        let mut uow = MockUnitOfWork::default();
        assert_eq!(set(&mut uow, (None, Some("")), None).unwrap(), None);
        let mut uow = MockUnitOfWork::default();
        let same = set(&mut uow, (Some(own()), None), None).unwrap();
        assert_eq!(same, Some(own()));
    }

    #[test]
    fn a_method_without_an_address_and_a_bad_address_are_refused() {
        let mut uow = MockUnitOfWork::default();
        let refused = set(&mut uow, (None, None), Some(Method::Get));
        assert!(matches!(refused, Err(SetOwnWebhookError::NoUri)));
        let mut uow = MockUnitOfWork::default();
        let refused = set(&mut uow, (None, Some("http://e.test")), None);
        let Err(SetOwnWebhookError::Invalid(invalid)) = refused else {
            panic!("{refused:?}")
        };
        assert_eq!(invalid.field, "webhook_uri");
    }
}
