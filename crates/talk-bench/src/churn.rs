//! Connects, subscribes, posts once and disconnects, over and over: the server's memory must not
//! grow with closed connections.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::task::JoinSet;

use crate::frames::masked;
use crate::load::message;
use crate::server::{GROUP, Server};
use crate::socket::Socket;
use crate::world::World;

/// Concurrent workers, each with an agent and a chat of its own.
const WORKERS: usize = 64;
/// How often memory is read; the first reading is warm-up.
const READINGS: u32 = 10;
/// Answers with a message are longer, refusals shorter.
const ANSWER: usize = 300;
/// Timeout of an answer.
const LOST: Duration = Duration::from_secs(30);
/// Highest accepted ratio of the last readings to the first.
const GROWTH: f64 = 1.1;

/// Runs for `time` and prints the memory. Returns whether it did not grow.
pub(crate) async fn measure(server: &Path, data: &Path, time: Duration) -> Result<bool> {
    let world = Arc::new(World::temporary(data, WORKERS, 1).await?);
    let server = Server::start(server, &world, GROUP)?;
    let (churned, mut workers) = (Arc::new(AtomicU64::new(0)), JoinSet::new());
    for n in 0..WORKERS {
        let (address, world) = (server.address.clone(), Arc::clone(&world));
        let churned = Arc::clone(&churned);
        workers.spawn(async move { churn(&address, &world, n, &churned).await });
    }
    println!(
        "{:>8} {:>12} {:>14}",
        "seconds", "connections", "resident KiB"
    );
    let mut readings = Vec::new();
    for reading in 1..=READINGS {
        tokio::select! {
            () = tokio::time::sleep(time / READINGS) => {}
            failed = workers.join_next() => failed.context("no workers")???,
        }
        let (seconds, memory) = (
            (time / READINGS * reading).as_secs(),
            server.resident_kib()?,
        );
        let connections = churned.load(Ordering::Relaxed);
        println!("{seconds:>8} {connections:>12} {memory:>14.0}");
        readings.push(memory);
    }
    workers.shutdown().await;
    server.stop()?;
    let growth = growth(&readings);
    println!("the last third has {growth:.3} times the memory of the first");
    Ok(growth <= GROWTH)
}

/// The loop of one worker, until a request fails.
async fn churn(address: &str, world: &World, n: usize, churned: &AtomicU64) -> Result<()> {
    let chat = world.chats.get(n).context("a chat")?.0;
    let own = message(world)?.replace(&world.chat()?.0.to_string(), &chat.to_string());
    let topic = world.topic(n)?;
    for time in 0_u64.. {
        let mut socket = Socket::subscribed(address, &world.token(n)?, &topic).await?;
        let id = format!("{n:04}-{time:08}");
        let post = format!(r#"{{"type":"post","id":"{id}","message":{own}}}"#);
        socket.send(&masked(&post)).await?;
        let mut is_posted = false;
        while !is_posted {
            let answer = socket.take(|length| is_posted |= length > ANSWER);
            let answer = tokio::time::timeout(LOST, answer).await;
            answer.context("a post was not answered")??;
        }
        churned.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

/// Median of the last third divided by that of the first third, without the first reading.
fn growth(readings: &[f64]) -> f64 {
    let warm = readings.get(1..).unwrap_or_default();
    let third = warm.len() / 3;
    let median = |part: Option<&[f64]>| {
        let mut part = part.unwrap_or_default().to_vec();
        part.sort_by(f64::total_cmp);
        part.get(part.len() / 2).copied().unwrap_or(f64::NAN)
    };
    median(warm.get(warm.len() - third..)) / median(warm.get(..third))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warm_up_and_one_outlier_are_no_growth() {
        let readings = [1.0, 20.0, 20.0, 90.0, 20.0, 20.0, 20.0, 20.0, 90.0, 20.0];
        assert!((growth(&readings) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn the_last_third_is_set_against_the_first() {
        let readings = [9.0, 10.0, 10.0, 10.0, 11.0, 11.0, 11.0, 12.0, 12.0, 12.0];
        assert!((growth(&readings) - 1.2).abs() < 1e-9);
    }
}
