//! Many connections that send one request after the other, each waiting for its answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tokio::task::JoinSet;

use crate::connection::{Connection, post};
use crate::world::{TEXT, World};

/// What is answered before anything counts.
pub(crate) const WARM_UP: Duration = Duration::from_millis(500);

/// The body of a message's POST.
pub(crate) fn message(world: &World) -> Result<String> {
    let chat = world.chat()?.0;
    Ok(format!(
        r#"{{"chat_id":"{chat}","type":"normal","text":"{TEXT}"}}"#
    ))
}

/// A message's POST by the first agent.
pub(crate) fn message_post(world: &World) -> Result<Vec<u8>> {
    let path = "/v1.0/service_agents/talk_messages";
    Ok(post(path, Some(&world.token(0)?), &message(world)?))
}

/// Answers of 200 per second over `for_how_long`, after a short warm-up.
pub(crate) async fn answers_per_second(
    address: &str,
    request: &[u8],
    connections: usize,
    for_how_long: Duration,
) -> Result<f64> {
    let request: Arc<[u8]> = request.into();
    let answered = Arc::new(AtomicU64::new(0));
    let mut clients = JoinSet::new();
    for _ in 0..connections {
        let mut connection = Connection::open(address).await?;
        let (request, answered) = (Arc::clone(&request), Arc::clone(&answered));
        clients.spawn(async move {
            loop {
                if let Err(error) = connection.exchange(&request).await {
                    return error;
                }
                answered.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    tokio::select! {
        rate = rate(&answered, for_how_long) => Ok(rate),
        failed = clients.join_next() => Err(failed.context("no connections")??),
    }
}

/// How much a counter rises per second, after a short warm-up.
pub(crate) async fn rate(counter: &AtomicU64, for_how_long: Duration) -> f64 {
    tokio::time::sleep(WARM_UP).await;
    let (before, started) = (counter.load(Ordering::Relaxed), Instant::now());
    tokio::time::sleep(for_how_long).await;
    let risen = counter.load(Ordering::Relaxed) - before;
    float(risen) / started.elapsed().as_secs_f64()
}

/// A count as a figure.
#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
pub(crate) const fn float(count: u64) -> f64 {
    count as f64
}
