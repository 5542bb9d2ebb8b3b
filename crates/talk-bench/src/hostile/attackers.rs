//! The attackers, in a process of their own: many connections that repeat a request every 10 ms,
//! for any answer.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::task::JoinSet;

use crate::connection::Connection;
use crate::frames::masked;
use crate::socket::Socket;

/// Source address of the attackers, different from that of the victims.
const SOURCE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
/// Pause between an answer and the next request of a connection.
const PACE: Duration = Duration::from_millis(10);
/// Attackers end by themselves after this time.
const LONGEST: Duration = Duration::from_secs(60);
/// The time that attackers have to end after the signal to do so.
const ENDING: Duration = Duration::from_secs(5);
/// Placeholder in a request, replaced by a unique number.
pub(super) const NUMBER: &str = "#########";

/// Connections that do the same.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Lane {
    /// How many.
    pub(super) connections: usize,
    /// The token of the sockets on which the requests are text frames; otherwise they are HTTP.
    pub(super) socket: Option<String>,
    /// The requests that each connection sends, one after the other.
    pub(super) requests: Vec<String>,
    /// Requests that each connection sends at once, before it reads as many answers.
    pub(super) burst: usize,
    /// Requests that each connection sends, at most.
    pub(super) most: usize,
    /// Whether answers are read; otherwise a connection sends its requests and stays.
    pub(super) reads: bool,
}

/// How often attackers were answered with each status, or failed.
type Answers = BTreeMap<String, u64>;

/// Attackers at work.
pub(super) struct Attackers {
    child: Child,
    orders: ChildStdin,
    answers: ChildStdout,
}

impl Attackers {
    /// Starts this program again as attackers of the server at `address`.
    pub(super) async fn start(address: &str, lanes: &[Lane]) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["attack", "--address", address])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let mut orders = child.stdin.take().context("no input")?;
        let answers = child.stdout.take().context("no output")?;
        let mut plan = serde_json::to_vec(lanes)?;
        plan.push(b'\n');
        orders.write_all(&plan).await?;
        Ok(Self {
            child,
            orders,
            answers,
        })
    }

    /// Stops them and returns counts of their answers.
    pub(super) async fn stop(mut self) -> Result<String> {
        drop(self.orders);
        let mut answers = String::new();
        let told = self.answers.read_to_string(&mut answers);
        let told = tokio::time::timeout(ENDING, told).await;
        self.child.kill().await?;
        told.context("the attackers do not end")??;
        Ok(answers.trim().to_owned())
    }
}

/// Runs the attack that standard input describes, until it is closed.
pub(crate) async fn attack(address: &str) -> Result<()> {
    let mut orders = BufReader::new(tokio::io::stdin());
    let mut plan = String::new();
    orders.read_line(&mut plan).await?;
    let lanes: Vec<Lane> = serde_json::from_str(&plan)?;
    let answers = Arc::<Mutex<Answers>>::default();
    let mut connections = JoinSet::new();
    let mut first = 0;
    for lane in lanes.into_iter().map(Arc::new) {
        for _ in 0..lane.connections {
            let attacker = Attacker {
                address: address.to_owned(),
                lane: Arc::clone(&lane),
                answers: Arc::clone(&answers),
                next: first,
            };
            connections.spawn(attacker.attack());
            first += lane.most;
        }
    }
    let end = orders.read_line(&mut plan);
    let _ = tokio::time::timeout(LONGEST, end).await;
    connections.shutdown().await;
    let answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
    println!("{}", serde_json::to_string(&*answers)?);
    Ok(())
}

/// The task of one connection.
struct Attacker {
    address: String,
    lane: Arc<Lane>,
    answers: Arc<Mutex<Answers>>,
    /// The number of the next request.
    next: usize,
}

impl Attacker {
    async fn attack(mut self) {
        let lane = Arc::clone(&self.lane);
        let mut open = None;
        let mut requests = lane.requests.iter().cycle().take(lane.most).peekable();
        while requests.peek().is_some() {
            let burst: Vec<_> = (&mut requests)
                .take(lane.burst)
                .map(|request| self.numbered(request))
                .collect();
            let answered = self.exchange(&mut open, &burst).await;
            self.count(answered.unwrap_or_else(|_| {
                open = None;
                "failed".to_owned()
            }));
            tokio::time::sleep(PACE).await;
        }
        // The connection stays.
        std::future::pending::<()>().await;
    }

    /// The bytes of a request with a number of its own.
    fn numbered(&mut self, request: &str) -> Vec<u8> {
        let request = request.replace(NUMBER, &format!("{:09}", self.next));
        self.next += 1;
        match self.lane.socket {
            Some(_) => masked(&request),
            None => request.into_bytes(),
        }
    }

    /// Sends requests, over a new connection if there is none, and waits for the answers if they
    /// are read.
    async fn exchange(&self, open: &mut Option<Open>, burst: &[Vec<u8>]) -> Result<String> {
        let bytes = burst.concat();
        let open = match open {
            Some(open) => open,
            None => open.insert(self.connect().await?),
        };
        match open {
            Open::Http(connection) if self.lane.reads => {
                let (status, _) = connection.answer(&bytes).await?;
                Ok(status.to_string())
            }
            Open::Http(connection) => {
                connection.send(&bytes).await?;
                Ok("sent".to_owned())
            }
            Open::Socket(socket) => {
                socket.send(&bytes).await?;
                let mut frames = 0;
                while frames < burst.len() {
                    socket.take(|_| frames += 1).await?;
                }
                Ok("bursts".to_owned())
            }
        }
    }

    async fn connect(&self) -> Result<Open> {
        let connection = Connection::open_from(SOURCE, &self.address).await?;
        Ok(match &self.lane.socket {
            None => Open::Http(connection),
            Some(token) => Open::Socket(Socket::upgraded(connection.into_stream(), token).await?),
        })
    }

    fn count(&self, answer: String) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        *answers.entry(answer).or_default() += 1;
    }
}

/// An attacker's connection.
enum Open {
    Http(Connection),
    Socket(Socket),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attacker(socket: Option<String>) -> Attacker {
        let lane = Lane {
            connections: 1,
            socket,
            requests: Vec::new(),
            burst: 1,
            most: 1,
            reads: true,
        };
        Attacker {
            address: String::new(),
            lane: Arc::new(lane),
            answers: Arc::default(),
            next: 7,
        }
    }

    #[test]
    fn a_request_has_a_number_of_its_own_and_keeps_its_length() {
        let mut attacker = attacker(None);
        let request = format!("key={NUMBER}");
        assert_eq!(attacker.numbered(&request), b"key=000000007");
        assert_eq!(attacker.numbered(&request), b"key=000000008");
    }

    #[test]
    fn what_a_socket_sends_is_a_frame() {
        let mut attacker = attacker(Some(String::new()));
        assert_eq!(attacker.numbered("ab"), masked("ab"));
    }
}
