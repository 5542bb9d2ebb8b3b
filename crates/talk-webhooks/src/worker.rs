//! The task of one endpoint: sends its deliveries until none is due.

use std::collections::HashSet;
use std::sync::Arc;

use metrics::counter;
use talk_domain::hooks::abandon::abandon_some;
use talk_domain::hooks::attempt::{Outcome, Tried, record_attempt};
use talk_domain::hooks::delivery::{Attempt, Delivery};
use talk_domain::hooks::due::{Content, Due, due_deliveries};
use talk_domain::hooks::webhook::{Waiting, Webhook};
use talk_domain::kernel::id::DeliveryId;
use talk_domain::kernel::store::Unit;
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::time::Timestamp;
use talk_outgoing::{Outgoing, Permits, retry};
use tokio::task::JoinSet;

use crate::body::{body, gap_body, test_body};
use crate::delivery::{method, send as send_once};
use crate::dispatcher::Shared;
use crate::signature::headers;

/// Maximum number of deliveries that one unit of work makes dead.
const ABANDONED: u32 = 64;

/// The task of one endpoint.
pub(crate) struct Worker {
    pub(crate) shared: Arc<Shared>,
    /// The endpoint.
    pub(crate) waiting: Waiting,
    /// Permits for requests to the endpoint; they also wake this task when it may have more to send.
    pub(crate) permits: Permits,
}

impl Worker {
    /// Runs until no delivery is due.
    pub(crate) async fn run(self) -> Result<(), StoreError> {
        if self.waiting.due.is_none() {
            return self.abandon().await;
        }
        let mut sending: JoinSet<(DeliveryId, Outcome)> = JoinSet::new();
        let mut under_way = HashSet::new();
        let mut width = self.width(!self.waiting.is_failing);
        loop {
            if under_way.len() < width {
                self.start(&mut sending, &mut under_way, width).await?;
            }
            tokio::select! {
                ended = sending.join_next() => match ended {
                    Some(Ok((id, outcome))) => {
                        under_way.remove(&id);
                        width = self.width(outcome == Outcome::Accepted);
                    }
                    // No request is under way, since nothing is due; or a try panicked, and its
                    // delivery stays due.
                    Some(Err(_)) | None => return Ok(()),
                },
                () = self.permits.woken() => {}
            }
        }
    }

    /// Returns the maximum number of parallel requests to the endpoint: the setting, or 1 after a
    /// failure.
    fn width(&self, works: bool) -> usize {
        if works {
            self.shared.settings.parallel
        } else {
            1
        }
    }

    /// Starts due deliveries until `width` requests are under way.
    async fn start(
        &self,
        sending: &mut JoinSet<(DeliveryId, Outcome)>,
        under_way: &mut HashSet<DeliveryId>,
        width: usize,
    ) -> Result<(), StoreError> {
        // Deliveries under way are still due in the database, and come first.
        let limit = u32::try_from(width.max(under_way.len() + 1)).unwrap_or(u32::MAX);
        let Some(Due {
            webhook,
            deliveries,
        }) = self.due(limit).await?
        else {
            return Ok(());
        };
        let webhook = Arc::new(webhook);
        for (delivery, content) in deliveries {
            if under_way.len() < width && under_way.insert(delivery.id) {
                let (shared, webhook) = (Arc::clone(&self.shared), Arc::clone(&webhook));
                let permit = self.permits.acquire();
                sending.spawn(async move {
                    let _permit = permit.await;
                    deliver(&shared, &webhook, (delivery, content)).await
                });
            }
        }
        Ok(())
    }

    async fn due(&self, limit: u32) -> Result<Option<Due>, StoreError> {
        let (webhook, now) = (self.waiting.webhook, (self.shared.ports.clock)());
        let unit = Unit::of(self.waiting.customer, "due_deliveries");
        let read = self.shared.ports.store.read(unit, move |snapshot| {
            due_deliveries(snapshot, webhook, (now, limit))
        });
        read.await
    }

    /// Makes the waiting deliveries of a disabled endpoint dead, in bounded steps.
    async fn abandon(&self) -> Result<(), StoreError> {
        loop {
            let webhook = self.waiting.webhook;
            let unit = Unit::of(self.waiting.customer, "abandon_deliveries");
            let step = self
                .shared
                .ports
                .store
                .write(unit, move |uow| abandon_some(uow, webhook, ABANDONED));
            if !step.await? {
                return Ok(());
            }
        }
    }
}

/// Tries a delivery and records the try.
async fn deliver(
    shared: &Shared,
    webhook: &Webhook,
    (delivery, content): (Delivery, Content),
) -> (DeliveryId, Outcome) {
    let (attempt, outcome) = send(shared, webhook, (&delivery, content)).await;
    let name = match outcome {
        Outcome::Accepted => "delivered",
        Outcome::Failed(_) => "failed",
        Outcome::Gone => "gone",
        Outcome::Expired => "expired",
    };
    counter!("talk_webhook_attempts_total", "outcome" => name).increment(1);
    record(shared, (webhook, delivery.id), (attempt, outcome)).await;
    (delivery.id, outcome)
}

async fn send(
    shared: &Shared,
    webhook: &Webhook,
    (delivery, content): (&Delivery, Content),
) -> (Attempt, Outcome) {
    let now = (shared.ports.clock)();
    let body = match content {
        Content::Event(event) => body(&event.payload).map_err(|error| error.to_string()),
        Content::Test => Ok(test_body(&delivery.event)),
        Content::Gap => Ok(gap_body(&webhook.id.to_string())),
        Content::Expired => {
            let attempt = failed(now, "the event is no longer in the log");
            return (attempt, Outcome::Expired);
        }
    };
    let signing = webhook.secrets.signing(now).into_iter();
    let secrets = signing.map(|sealed| shared.ports.secrets.open(webhook.id.0.as_bytes(), sealed));
    let secrets: Result<Vec<_>, _> = secrets.collect();
    let (body, secrets) = match (body, secrets) {
        (Ok(body), Ok(secrets)) => (body, secrets),
        (Err(error), _) => {
            tracing::error!(%error, event = delivery.event, "an event has no body for a webhook");
            return (
                failed(now, "the server cannot make the request"),
                Outcome::Failed(None),
            );
        }
        (_, Err(error)) => {
            tracing::error!(%error, webhook = %webhook.id, "a secret of a webhook cannot be used");
            return (
                failed(now, "the server cannot sign the request"),
                Outcome::Failed(None),
            );
        }
    };
    let seconds = now.as_micros().div_euclid(1_000_000);
    let outgoing = Outgoing {
        uri: &webhook.uri,
        method: method(webhook.method),
        headers: headers(&secrets, (&delivery.event, seconds), body.as_bytes()),
        body,
    };
    send_once(&shared.client, outgoing, now).await
}

fn failed(at: Timestamp, error: &str) -> Attempt {
    Attempt {
        at,
        http_status: None,
        latency_ms: 0,
        error: error.to_owned(),
        answer: String::new(),
    }
}

/// Records a try, and retries until the database has stored it: a delivery whose try is not
/// recorded would be sent again at once.
async fn record(
    shared: &Shared,
    (webhook, delivery): (&Webhook, DeliveryId),
    (attempt, outcome): (Attempt, Outcome),
) {
    let recorded = retry("record_attempt", || {
        let tried = Tried {
            delivery,
            attempt: attempt.clone(),
            outcome,
            now: (shared.ports.clock)(),
        };
        let retries = shared.settings.retries.clone();
        let unit = Unit::of(webhook.customer, "record_attempt");
        let store = &shared.ports.store;
        store.write(unit, move |uow| record_attempt(uow, &tried, &retries))
    });
    if let Some(webhook) = recorded.await {
        let reason = webhook.disabled.map_or("", |reason| reason.as_str());
        tracing::warn!(webhook = %webhook.id, reason, "a webhook was disabled");
        shared.reports.webhook_disabled(webhook).await;
    }
}
