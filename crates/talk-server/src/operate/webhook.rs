//! The operator's commands about webhooks.

use talk_domain::hooks::create::Wanted;
use talk_domain::hooks::list::{ShowWebhookError, list_deliveries, show_webhook};
use talk_domain::hooks::replay::{Only, Replay, replay};
use talk_domain::hooks::update::update_webhook;
use talk_domain::hooks::webhook::{HookLimits, Webhook};
use talk_domain::kernel::context::{Actor, Context, IdSource, Permission};
use talk_domain::kernel::id::{AgentId, CustomerId, WebhookId};
use talk_domain::kernel::page::{Order, PageRequest};
use talk_domain::kernel::store::Unit;
use talk_domain::kernel::time::Timestamp;
use talk_wire::resource;
use uuid::Uuid;

use super::Operator;
use crate::cli::WebhookCommand;
use crate::failure::Failure;
use crate::installation::{now, random, refused};

/// Limits that refuse nothing: an operator creates no webhooks, and keeps the addresses they have.
const UNLIMITED: HookLimits = HookLimits {
    webhooks: usize::MAX,
    allows_http: true,
};

/// Deliveries that `webhook show` prints.
const SHOWN: u16 = 20;

impl Operator {
    /// Runs a command about the webhooks of a customer.
    pub(crate) async fn webhook(
        &self,
        customer: CustomerId,
        command: WebhookCommand,
    ) -> Result<(), Failure> {
        match command {
            WebhookCommand::List => self.list_webhooks(customer).await,
            WebhookCommand::Show { id } => self.show_webhook(customer, id.into()).await,
            WebhookCommand::Disable { id } => self.enable(customer, id.into(), false).await,
            WebhookCommand::Enable { id } => self.enable(customer, id.into(), true).await,
            WebhookCommand::Replay { id, delivered } => {
                let only = if delivered { Only::Ended } else { Only::Dead };
                self.replay_webhook(customer, id.into(), only).await
            }
        }
    }

    async fn list_webhooks(&self, customer: CustomerId) -> Result<(), Failure> {
        let unit = Unit::of(customer, "list_webhooks");
        let read = self.store.read(unit, |snapshot| {
            super::all(|page| snapshot.webhooks().page(page))
        });
        let webhooks = read.await.map_err(refused)?;
        let lines: Vec<_> = webhooks.iter().map(line).collect();
        let resources: Vec<_> = webhooks.iter().map(resource::Webhook::from).collect();
        self.print(&lines.join("\n"), &resources)
    }

    /// Prints a webhook with its newest deliveries.
    async fn show_webhook(&self, customer: CustomerId, id: WebhookId) -> Result<(), Failure> {
        let page = PageRequest {
            size: SHOWN,
            after: None,
            order: Order::Descending,
        };
        let unit = Unit::of(customer, "show_webhook");
        let read = self.store.read(unit, move |snapshot| {
            let webhook = show_webhook(snapshot, id)?;
            let deliveries = list_deliveries(snapshot, id, (None, page))?;
            Ok::<_, ShowWebhookError>((webhook, deliveries))
        });
        let (webhook, deliveries) = read.await.map_err(refused)?;
        let mut lines = vec![line(&webhook)];
        lines.extend(deliveries.rows.iter().map(|listed| {
            let delivery = &listed.delivery;
            let last = listed.attempts.last().map_or("", |last| &*last.error);
            let (status, kind) = (delivery.status.as_str(), &delivery.kind);
            format!("  {}\t{status}\t{kind}\t{last}", delivery.id)
        }));
        let shown: Vec<_> = deliveries
            .rows
            .iter()
            .map(resource::Delivery::from)
            .collect();
        let shown = serde_json::json!({
            "webhook": resource::Webhook::from(&webhook),
            "deliveries": shown,
        });
        self.print(&lines.join("\n"), &shown)
    }

    async fn enable(
        &self,
        customer: CustomerId,
        id: WebhookId,
        is_enabled: bool,
    ) -> Result<(), Failure> {
        let (unit, cx) = (
            Unit::of(customer, "update_webhook"),
            self.admin_of(customer),
        );
        let write = self.store.write(unit, move |uow| {
            let change = |webhook: &Webhook| {
                Ok(Wanted {
                    uri: webhook.uri.clone(),
                    method: webhook.method,
                    events: webhook.events.clone(),
                    stream: webhook.stream,
                    is_enabled,
                    order: webhook.order,
                })
            };
            update_webhook(uow, &cx, (id, &change), UNLIMITED)
        });
        let webhook = write.await.map_err(refused)?;
        self.print(&line(&webhook), &resource::Webhook::from(&webhook))
    }

    /// Sends deliveries again, step by step.
    async fn replay_webhook(
        &self,
        customer: CustomerId,
        webhook: WebhookId,
        only: Only,
    ) -> Result<(), Failure> {
        let (unit, cx) = (
            Unit::of(customer, "replay_webhook"),
            self.admin_of(customer),
        );
        let command = Replay {
            webhook,
            from: Timestamp::EARLIEST,
            until: Timestamp::LATEST,
            only,
        };
        let write = self
            .store
            .write(unit, move |uow| replay(uow, &cx, &command));
        let replayed = write.await.map_err(refused)?;
        let line = format!("{replayed} deliveries are sent again");
        self.print(&line, &resource::Replayed { replayed })
    }

    /// A context with the permission of an admin of the customer.
    fn admin_of(&self, customer: CustomerId) -> Context {
        let actor = Actor {
            customer,
            agent: AgentId(Uuid::nil()),
            permission: Permission::Admin,
        };
        let now = now();
        Context::new(actor, now, self.limits, IdSource::new(now, random()))
    }
}

fn line(webhook: &Webhook) -> String {
    let state = webhook.disabled.map_or("enabled", |reason| reason.as_str());
    format!("{}\t{state}\t{}", webhook.id, webhook.uri)
}
