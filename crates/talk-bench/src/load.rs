//! Many connections that post one message after the other, each waiting for its durable answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::task::JoinSet;

use crate::connection::{Connection, post};
use crate::server::Server;

/// Acknowledged posts per second over `for_how_long`, after a short warm-up.
pub(crate) async fn posts_per_second(
    server: &Server,
    connections: usize,
    for_how_long: Duration,
) -> Result<f64> {
    let body = format!(
        r#"{{"chat_id":"{}","type":"normal","text":"Hello team, let us discuss the status."}}"#,
        server.chat
    );
    let path = "/v1.0/service_agents/talk_messages";
    let request: Arc<[u8]> = post(path, Some(&server.token), &body).into();
    let acknowledged = Arc::new(AtomicU64::new(0));
    let mut clients = JoinSet::new();
    for _ in 0..connections {
        let mut connection = Connection::open(&server.address).await?;
        let (request, acknowledged) = (Arc::clone(&request), Arc::clone(&acknowledged));
        clients.spawn(async move {
            loop {
                if let Err(error) = connection.exchange(&request).await {
                    return error;
                }
                acknowledged.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    let measured = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let (before, started) = (acknowledged.load(Ordering::Relaxed), Instant::now());
        tokio::time::sleep(for_how_long).await;
        let posts = acknowledged.load(Ordering::Relaxed) - before;
        f64::from(u32::try_from(posts).unwrap_or(u32::MAX)) / started.elapsed().as_secs_f64()
    };
    tokio::select! {
        rate = measured => Ok(rate),
        Some(failed) = clients.join_next() => Err(failed?),
    }
}
