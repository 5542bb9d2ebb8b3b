//! Use case: create an endpoint.

use uuid::Uuid;

use crate::hooks::access::{NotAdmin, check_admin};
use crate::hooks::filter::EventFilter;
use crate::hooks::secret::EndpointSecrets;
use crate::hooks::unit::HooksUnit;
use crate::hooks::uri::check_uri;
use crate::hooks::webhook::{DeliveryOrder, Disabled, HookLimits, Method, Webhook};
use crate::kernel::context::Context;
use crate::kernel::error::{Invalid, refusals};
use crate::kernel::id::WebhookId;
use crate::kernel::positions::Position;
use crate::kernel::secret::Sealed;
use crate::kernel::store_error::StoreError;

/// The settings of an endpoint that its customer chooses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Address.
    pub uri: String,
    /// Method of the requests.
    pub method: Method,
    /// Types of events.
    pub events: EventFilter,
    /// Only events of this stream.
    pub stream: Option<Uuid>,
    /// Whether it is enabled.
    pub is_enabled: bool,
    /// Order of events.
    pub order: DeliveryOrder,
}

impl Wanted {
    /// The default settings: all events, in the order of their streams, by POST.
    #[must_use]
    pub fn everything_to(uri: String) -> Self {
        Self {
            uri,
            method: Method::Post,
            events: EventFilter::default(),
            stream: None,
            is_enabled: true,
            order: DeliveryOrder::Stream,
        }
    }

    /// Returns a new endpoint with these settings.
    pub(crate) fn endpoint(
        self,
        cx: &Context,
        (id, secret, since): (WebhookId, Sealed, Position),
    ) -> Webhook {
        Webhook {
            id,
            customer: cx.actor.customer,
            is_own: false,
            uri: self.uri,
            method: self.method,
            events: self.events,
            stream: self.stream,
            disabled: (!self.is_enabled).then_some(Disabled::Manually),
            order: self.order,
            secrets: EndpointSecrets::first(secret),
            since,
            missed: (!self.is_enabled).then_some(since),
            has_gap: false,
            failing_since: None,
            created: cx.now,
            updated: cx.now,
        }
    }
}

/// The command. Its id is chosen before the secret, because the secret is sealed for this id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateWebhook {
    /// Identity of the new endpoint.
    pub id: WebhookId,
    /// Its settings.
    pub wanted: Wanted,
    /// Its sealed secret.
    pub secret: Sealed,
}

refusals! {
    /// Refusals of [`create_webhook`].
    pub enum CreateWebhookError {
        TooMany = FailedPrecondition "WEBHOOK_LIMIT" "the customer has as many webhooks as it may have",
        ..NotAdmin(NotAdmin),
        ..Invalid(Invalid),
        ..Store(StoreError),
    }
}

/// Creates an endpoint. It gets the events that are logged after this transaction.
///
/// # Errors
/// See [`CreateWebhookError`].
pub fn create_webhook(
    uow: &mut dyn HooksUnit,
    cx: &Context,
    command: &CreateWebhook,
    limits: HookLimits,
) -> Result<Webhook, CreateWebhookError> {
    check_admin(cx)?;
    let wanted = &command.wanted;
    check_uri("uri", &wanted.uri, limits.allows_http)?;
    let others = uow.webhooks().all()?;
    if others.iter().filter(|other| !other.is_own).count() >= limits.webhooks {
        return Err(CreateWebhookError::TooMany);
    }
    let (secret, since) = (command.secret.clone(), uow.log().end()?);
    let webhook = wanted.clone().endpoint(cx, (command.id, secret, since));
    uow.webhooks().insert(&webhook)?;
    Ok(webhook)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MockUnitOfWork, a_wanted, a_webhook, admin_context, agent_id};

    fn create(others: usize, uri: &str) -> Result<Webhook, CreateWebhookError> {
        let mut uow = MockUnitOfWork::default();
        let own = Webhook {
            is_own: true,
            ..a_webhook()
        };
        let all = [vec![own], vec![a_webhook(); others]].concat();
        uow.webhooks.expect_all().returning(move || Ok(all.clone()));
        uow.webhooks.expect_insert().returning(|_| Ok(()));
        uow.log.expect_end().returning(|| Ok(Position::new(9)));
        let command = CreateWebhook {
            id: Uuid::from_u128(1).into(),
            wanted: Wanted {
                uri: uri.into(),
                ..a_wanted()
            },
            secret: Sealed(vec![1]),
        };
        let limits = HookLimits {
            webhooks: 2,
            allows_http: false,
        };
        create_webhook(&mut uow, &admin_context(agent_id(1)), &command, limits)
    }

    /// HOOK-01.
    #[test]
    fn an_endpoint_is_created_with_its_settings() {
        let made = create(1, "https://e.test/").unwrap();
        assert_eq!(made.uri, "https://e.test/");
        assert!(made.is_enabled() && !made.is_own && made.secrets.previous.is_none());
    }

    /// HOOK-01: the customer's own endpoint does not count.
    #[test]
    fn a_customer_has_a_limited_number_of_endpoints() {
        let refused = create(2, "https://e.test/");
        assert!(matches!(refused, Err(CreateWebhookError::TooMany)));
    }

    /// HOOK-01.
    #[test]
    fn an_address_that_may_not_be_is_refused() {
        let refused = create(0, "http://e.test/");
        assert!(matches!(refused, Err(CreateWebhookError::Invalid(_))));
    }
}
