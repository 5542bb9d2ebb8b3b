//! The victims: agents of another customer that post and read at a steady rate, independent of the
//! answers, and a client of `/readyz`.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::connection::{Connection, get, post};
use crate::load::message;
use crate::server::Server;
use crate::times::Times;
use crate::world::World;

/// Source address of the victims, different from that of the attackers.
const SOURCE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 3));
/// Interval between requests of each kind.
const PACE: Duration = Duration::from_millis(10);

/// The requests of the victims.
pub(crate) struct Victims {
    address: String,
    post: Vec<u8>,
    get: Vec<u8>,
    ready: Vec<u8>,
}

/// How long their requests took, in milliseconds.
pub(crate) struct Felt {
    /// The median post.
    pub(crate) post: f64,
    /// 99th percentile of the posts, in milliseconds.
    pub(crate) post_p99: f64,
    /// The median read.
    pub(crate) get: f64,
    /// 99th percentile of `GET /readyz`, in milliseconds.
    pub(crate) ready: f64,
    /// Requests that were not answered with 200.
    pub(crate) failed: usize,
}

impl Victims {
    /// The first two agents, in the first chat.
    pub(crate) fn new(server: &Server, world: &World) -> Result<Self> {
        let path = "/v1.0/service_agents/talk_messages";
        let newest = format!("{path}?chat_id={}&page_size=20", world.chat()?.0);
        Ok(Self {
            address: server.address.clone(),
            post: post(path, Some(&world.token(0)?), &message(world)?),
            get: get(&newest, &world.token(1)?),
            ready: b"GET /readyz HTTP/1.1\r\nHost: talk\r\n\r\n".to_vec(),
        })
    }

    /// Sends requests for this time and measures them.
    pub(crate) async fn ask(&self, for_how_long: Duration) -> Result<Felt> {
        let until = Instant::now() + for_how_long;
        let (post, get, ready) = tokio::join!(
            asked(&self.address, &self.post, until),
            asked(&self.address, &self.get, until),
            asked(&self.address, &self.ready, until),
        );
        let failed = post.failed + get.failed + ready.failed;
        let post = post.times()?;
        Ok(Felt {
            failed,
            post: post.percentile(50),
            post_p99: post.percentile(99),
            get: get.times()?.percentile(50),
            ready: ready.times()?.percentile(99),
        })
    }
}

/// The times of requests of one kind.
#[derive(Default)]
struct Asked {
    took: Vec<Duration>,
    failed: usize,
}

impl Asked {
    fn times(self) -> Result<Times> {
        self.took.first().context("nothing was asked")?;
        Ok(self.took.into())
    }
}

/// Sends `request` every [`PACE`] until the end, each over a connection that waits for no answer.
/// One without a 200 counts as unanswered until the end.
async fn asked(address: &str, request: &[u8], until: Instant) -> Asked {
    let (address, request) = (Arc::<str>::from(address), Arc::<[u8]>::from(request));
    let (idle, mut requests) = (Idle::default(), JoinSet::new());
    let mut due = Instant::now();
    while due < until {
        tokio::time::sleep_until(due).await;
        let (address, request) = (Arc::clone(&address), Arc::clone(&request));
        let idle = Arc::clone(&idle);
        requests.spawn(async move {
            let started = Instant::now();
            let answered = exchange(&address, &idle, &request);
            let is_answered = matches!(tokio::time::timeout_at(until, answered).await, Ok(Ok(())));
            let ended = if is_answered { Instant::now() } else { until };
            (ended.saturating_duration_since(started), is_answered)
        });
        due += PACE;
    }
    let mut asked = Asked::default();
    for (took, is_answered) in requests.join_all().await {
        asked.took.push(took);
        asked.failed += usize::from(!is_answered);
    }
    asked
}

/// Connections without a request in flight.
type Idle = Arc<Mutex<Vec<Connection>>>;

async fn exchange(address: &str, idle: &Idle, request: &[u8]) -> Result<()> {
    let open = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let mut connection = match open {
        Some(connection) => connection,
        None => Connection::open_from(SOURCE, address).await?,
    };
    connection.exchange(request).await?;
    let mut idle = idle.lock().unwrap_or_else(PoisonError::into_inner);
    idle.push(connection);
    Ok(())
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt as _;
    use tokio::net::TcpListener;

    use super::*;

    /// The milliseconds of `requests` requests, and the number of failed ones. Each connection is
    /// given `answer` once.
    async fn milliseconds(requests: u32, answer: &'static str) -> (Vec<u128>, usize) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let server = tokio::spawn(async move {
            let mut open = Vec::new();
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                stream.write_all(answer.as_bytes()).await.unwrap();
                open.push(stream);
            }
        });
        let until = Instant::now() + requests * PACE;
        let asked = asked(&address, b"GET / HTTP/1.1\r\n\r\n", until).await;
        server.abort();
        let mut took: Vec<_> = asked.took.iter().map(Duration::as_millis).collect();
        took.sort_unstable();
        (took, asked.failed)
    }

    #[tokio::test(start_paused = true)]
    async fn requests_that_are_not_answered_count_until_the_end() {
        assert_eq!(milliseconds(5, "").await, (vec![10, 20, 30, 40, 50], 5));
    }

    #[tokio::test(start_paused = true)]
    async fn only_a_200_is_an_answer() {
        let answered = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(milliseconds(1, answered).await, (vec![0], 0));
        let refused = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(milliseconds(1, refused).await, (vec![10], 1));
    }
}
