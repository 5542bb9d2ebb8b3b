//! Periodic tasks of a running server.

use std::sync::Arc;
use std::time::Duration;

use metrics_exporter_prometheus::PrometheusHandle;
use talk_domain::kernel::idempotency::KEPT_SECONDS;
use talk_domain::kernel::store::{Store, Unit};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::time::Timestamp;
use talk_domain::talk::unit::Talk;
use tokio::task::JoinSet;

use crate::installation::now;
use crate::settings::Settings;
use crate::{cleaner, retention, webhooks};

const HOUR: Duration = Duration::from_secs(60 * 60);

/// Revocations are kept a minute longer than their tokens, which are accepted a few seconds late.
const GRACE_SECONDS: u32 = 60;

/// Rows deleted per unit of work, since other changes wait for it.
const AT_ONCE: u32 = 500;

/// Starts the tasks that keep the database and the metrics small.
pub(crate) fn maintenance(
    settings: &Settings,
    store: &Arc<dyn Store<Talk>>,
    metrics: &PrometheusHandle,
) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    tasks.spawn(purge_hourly(Arc::clone(store)));
    tasks.spawn(drain_metrics(metrics.clone()));
    tasks.spawn(cleaner::clean_up(Arc::clone(store), settings.limits()));
    tasks.spawn(webhooks::expire_hourly(
        Arc::clone(store),
        webhooks::KeptDays {
            deliveries: settings.webhook_deliveries_days,
            decisions: settings.intercept_decisions_days,
            held: settings.held_messages_days,
        },
    ));
    tasks.spawn(webhooks::remove_orphans(Arc::clone(store)));
    tasks.spawn(webhooks::measure(Arc::clone(store)));
    tasks.spawn(retention::retain_hourly(
        Arc::clone(store),
        settings.retention(),
        settings.limits(),
    ));
    tasks
}

/// Deletes expired rows (revocations, idempotency keys, session ends), at the start and then every
/// hour, until dropped.
async fn purge_hourly(store: Arc<dyn Store<Talk>>) {
    let mut hours = tokio::time::interval(HOUR);
    loop {
        hours.tick().await;
        match purge(&store, now()).await {
            Ok(()) => tracing::debug!("deleted expired answers and revocations"),
            // The next hourly run tries again.
            Err(error) => tracing::warn!(%error, "failed to delete expired rows"),
        }
    }
}

async fn purge(store: &Arc<dyn Store<Talk>>, now: Timestamp) -> Result<(), StoreError> {
    let (answers, tokens) = (before(now, KEPT_SECONDS), before(now, GRACE_SECONDS));
    let unit = Unit::installation("purge");
    // Requests can run between the units.
    loop {
        let gone = store
            .write(unit, move |uow| uow.sessions().purge(tokens, AT_ONCE))
            .await?;
        if gone == 0 {
            break;
        }
    }
    loop {
        let gone = store
            .write(unit, move |uow| uow.idempotency().purge(answers, AT_ONCE))
            .await?;
        if gone == 0 {
            return Ok(());
        }
    }
}

fn before(now: Timestamp, seconds: u32) -> Timestamp {
    let micros = now.as_micros() - i64::from(seconds) * 1_000_000;
    Timestamp::from_micros(micros).unwrap_or(now)
}

/// Compacts the metrics' histograms periodically, until dropped.
async fn drain_metrics(metrics: PrometheusHandle) {
    let mut ticks = tokio::time::interval(Duration::from_secs(5));
    loop {
        ticks.tick().await;
        metrics.run_upkeep();
    }
}
