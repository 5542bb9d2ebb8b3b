//! Many connections that send one request after the other, each waiting for its answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tokio::task::JoinSet;

use crate::connection::{Connection, post};
use crate::world::{TEXT, World};

/// Duration of the warm-up.
pub(crate) const WARM_UP: Duration = Duration::from_millis(500);

/// Connections of requests at a steady rate.
const PACED: usize = 32;

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

/// The placeholder for the idempotency key in a request, replaced by a fresh key each time.
const KEY: &[u8] = b"0000-00000000";

/// `request` with a key that differs each time it is sent.
pub(crate) fn keyed(request: &[u8]) -> Vec<u8> {
    let line = request.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let (line, rest) = request.split_at(line + 1);
    [line, b"Idempotency-Key: ", KEY, b"\r\n", rest].concat()
}

/// Answers of 200 per second over `for_how_long`, after a short warm-up.
pub(crate) async fn answers_per_second(
    address: &str,
    request: &[u8],
    connections: usize,
    for_how_long: Duration,
) -> Result<f64> {
    let key = request.windows(KEY.len()).position(|window| window == KEY);
    let key = key.map(|start| start..start + KEY.len());
    let answered = Arc::new(AtomicU64::new(0));
    let mut clients = JoinSet::new();
    for number in 0..connections {
        let mut connection = Connection::open(address).await?;
        let (mut request, key) = (request.to_vec(), key.clone());
        let answered = Arc::clone(&answered);
        clients.spawn(async move {
            for n in 0_u64.. {
                if let Some(place) = key.clone().and_then(|key| request.get_mut(key)) {
                    place.copy_from_slice(format!("{number:04}-{n:08}").as_bytes());
                }
                if let Err(error) = connection.exchange(&request).await {
                    return error;
                }
                answered.fetch_add(1, Ordering::Relaxed);
            }
            anyhow::anyhow!("out of keys")
        });
    }
    tokio::select! {
        rate = rate(&answered, for_how_long) => Ok(rate),
        failed = clients.join_next() => Err(failed.context("no connections")??),
    }
}

/// Sends requests at a steady rate over [`PACED`] connections in turns. Returns the time that each answer
/// took: since the request was due, if the request had to wait for its connection.
pub(crate) async fn paced(
    address: &str,
    requests: Vec<Vec<u8>>,
    per_second: u32,
) -> Result<Vec<Duration>> {
    let mut lanes = vec![Vec::new(); PACED];
    for (n, request) in (0_u32..).zip(requests) {
        let lane = lanes
            .get_mut(usize::try_from(n)? % PACED)
            .context("a lane")?;
        lane.push((Duration::from_secs(n.into()) / per_second, request));
    }
    let mut clients = JoinSet::new();
    let start = Instant::now() + Duration::from_millis(100);
    for lane in lanes {
        let mut connection = Connection::open(address).await?;
        clients.spawn(async move {
            let mut times = Vec::new();
            for (after, request) in lane {
                let due = start + after;
                let mut started = due;
                if Instant::now() < due {
                    tokio::time::sleep_until(due.into()).await;
                    started = Instant::now();
                }
                connection.exchange(&request).await?;
                times.push(started.elapsed());
            }
            anyhow::Ok(times)
        });
    }
    let mut times = Vec::new();
    while let Some(client) = clients.join_next().await {
        times.extend(client??);
    }
    Ok(times)
}

/// Measures the rate of a counter per second, after a warm-up.
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
