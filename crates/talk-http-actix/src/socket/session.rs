//! The task of one connection.

mod clock;
mod reading;
mod writing;

use std::future::poll_fn;
use std::time::{Duration, Instant};

use actix_web::rt::time::{sleep_until, timeout};
use actix_web::web;
use futures_util::future::LocalBoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use talk_domain::kernel::context::Actor;
use talk_domain::kernel::live::Connection;
use talk_socket::{Incoming, Outgoing, Peer, Received, Socket};
use tokio::sync::watch;

use super::positions::Positions;
use super::subscription::{Pending, Subscription};
use crate::actor_cache::Session as Login;
use crate::address::ClientAddress;
use crate::quota::Share;
use crate::rate::{Bucket, Rate};
use crate::shared::Shared;
use writing::notice;

/// Interval of pings, and the time that a client may stay silent.
const PING: Duration = Duration::from_secs(25);
const SILENCE: Duration = Duration::from_secs(60);

/// Interval of `position` frames.
const POSITIONS: Duration = Duration::from_secs(300);

/// Time after which a client that reads no queued byte is cut.
const STALLED: Duration = Duration::from_secs(20);

/// Time that a client has to read the last frames and answer the close.
const FAREWELL: Duration = Duration::from_secs(3);

/// Time that posts in flight have to finish when the connection ends.
const FINISH: Duration = Duration::from_secs(5);

/// Close code of a server that stops.
const RESTARTING: u16 = 4503;

/// Maximum of posts in flight of one connection; beyond it, no frame is read.
const POSTS: usize = 256;

/// Number of bad frames that close the connection.
const BAD_FRAMES: usize = 3;

/// How often a client may send frames that are no posts.
const FRAMES: Rate = Rate {
    per_second: 50,
    burst: 200,
};

/// The end of a connection.
#[derive(Debug, PartialEq, Eq)]
enum Farewell {
    /// Closed by the server with this code and reason.
    Close(u16, String),
    /// Closed by the client; its close is answered.
    Answer(Option<u16>),
    /// Cut: the client is gone or reads nothing.
    Cut,
}

impl Farewell {
    fn because(code: u16, reason: &str) -> Self {
        Self::Close(code, reason.to_owned())
    }

    fn expired() -> Self {
        Self::because(4401, "the token is expired or revoked")
    }

    /// The time to reconnect is random, so that clients do not come back at once.
    fn restarting(shared: &Shared) -> Self {
        let spread = (shared.api.random)() % 2_000;
        Self::because(RESTARTING, &format!("retry_ms={}", 500 + spread))
    }
}

/// Reads the client's next frame once the queue has space: a client that does not read its answers
/// can send no further requests.
async fn next_frame(incoming: &mut Incoming, outgoing: &Outgoing) -> Received {
    poll_fn(|cx| outgoing.poll_space(cx)).await;
    incoming.next().await
}

/// Returns the next answer to a post, once the queue has space.
async fn next_answer(posts: &mut Posts, outgoing: &Outgoing) -> Option<String> {
    poll_fn(|cx| outgoing.poll_space(cx)).await;
    posts.next().await
}

/// Posts in flight; each future returns the answer.
type Posts = FuturesUnordered<LocalBoxFuture<'static, String>>;

/// One connection.
pub(super) struct Session {
    shared: web::Data<Shared>,
    _admission: Share,
    actor: Actor,
    address: ClientAddress,
    login: Login,
    token: String,
    incoming: Incoming,
    outgoing: Outgoing,
    peer: Peer,
    connection: Box<dyn Connection>,
    subscription: Subscription,
    /// The subscription that is not answered yet.
    pending: Option<Pending>,
    positions: Positions,
    posts: Posts,
    frames: Bucket,
    /// Time until which no frame is read, if the posts so far have put a bucket into debt.
    paused_until: Option<Instant>,
    /// Whether the client sends ids, and so may get frames that VoIPBIN's protocol does not have.
    is_modern: bool,
    bad_frames: usize,
    heard_at: Instant,
    pinged_at: Instant,
    positioned_at: Instant,
    revocations: watch::Receiver<()>,
}

/// Finishes the queue and ends the connection, however the task ends.
impl Drop for Session {
    fn drop(&mut self) {
        self.outgoing.finish();
    }
}

impl Session {
    pub(super) fn new(
        (shared, admission, address): (web::Data<Shared>, Share, ClientAddress),
        (actor, login, token): (Actor, Login, String),
        socket: Socket,
    ) -> Self {
        let now = Instant::now();
        let mut revocations = shared.api.revocations.subscribe(actor.agent);
        // The caller may come from the cache, so its session is checked once more.
        revocations.mark_changed();
        Self {
            connection: shared.api.live.connect(actor),
            revocations,
            shared,
            _admission: admission,
            actor,
            address,
            login,
            token,
            incoming: socket.incoming,
            outgoing: socket.outgoing,
            peer: socket.peer,
            subscription: Subscription::default(),
            pending: None,
            positions: Positions::default(),
            posts: FuturesUnordered::new(),
            frames: Bucket::new(FRAMES, now),
            paused_until: None,
            is_modern: false,
            bad_frames: 0,
            heard_at: now,
            pinged_at: now,
            positioned_at: now,
        }
    }

    /// Runs until one side ends the connection.
    pub(super) async fn run(mut self) {
        let farewell = self.converse().await;
        self.finish_posts(&farewell).await;
        match farewell {
            Farewell::Close(code, reason) => self.close(code, &reason).await,
            Farewell::Answer(code) => self.answer_close(code).await,
            Farewell::Cut => self.peer.cut(),
        }
    }

    /// Finishes and answers accepted posts before the end, unless the client reads no answers or
    /// may not post any more.
    async fn finish_posts(&mut self, farewell: &Farewell) {
        match farewell {
            Farewell::Answer(_) | Farewell::Close(RESTARTING, _) => {}
            Farewell::Close(..) | Farewell::Cut => return,
        }
        let finished = async {
            while let Some(answer) = self.posts.next().await {
                self.outgoing.text(&answer);
            }
        };
        // A post that takes longer is answered when the client repeats it with the same id.
        let _ = timeout(FINISH, finished).await;
    }

    /// Sends the close frame and waits a little for the answer, so that the client gets the reason.
    async fn close(&mut self, code: u16, reason: &str) {
        self.outgoing.close(Some(code), reason);
        let (outgoing, incoming) = (&self.outgoing, &mut self.incoming);
        let answered = async {
            poll_fn(|cx| outgoing.poll_empty(cx)).await;
            while !outgoing.is_gone() {
                match incoming.next().await {
                    Received::Close(_) | Received::Fault(..) | Received::Gone => break,
                    Received::Text(_)
                    | Received::Binary(_)
                    | Received::Ping(_)
                    | Received::Pong => {}
                }
            }
        };
        if timeout(FAREWELL, answered).await.is_err() {
            self.peer.cut();
        }
    }

    /// Answers the client's close frame, which completes the close handshake.
    async fn answer_close(&self, code: Option<u16>) {
        self.outgoing.close(code, "");
        let taken = poll_fn(|cx| self.outgoing.poll_empty(cx));
        if timeout(FAREWELL, taken).await.is_err() {
            self.peer.cut();
        }
    }

    /// Returns whether the next frame may be read: not while a subscription is unanswered, too many
    /// posts are in flight, or a bucket is in debt.
    fn reads_on(&self) -> bool {
        self.pending.is_none() && self.posts.len() < POSTS && self.paused_until.is_none()
    }

    async fn converse(&mut self) -> Farewell {
        let mut stopping = self.shared.api.stopping.clone();
        loop {
            let deadline = self.deadline();
            tokio::select! {
                received = next_frame(&mut self.incoming, &self.outgoing), if self.reads_on() => {
                    if let Err(farewell) = self.receive(received).await {
                        return farewell;
                    }
                }
                notice = notice(&mut self.connection, &self.outgoing) => {
                    let Some(notice) = notice else {
                        return Farewell::restarting(&self.shared);
                    };
                    if let Err(farewell) = self.notify(notice) {
                        return farewell;
                    }
                }
                Some(answer) = next_answer(&mut self.posts, &self.outgoing) => {
                    self.outgoing.text(&answer);
                }
                () = sleep_until(deadline.into()) => {
                    if let Err(farewell) = self.check_time() {
                        return farewell;
                    }
                }
                Ok(()) = self.revocations.changed() => {
                    if let Err(farewell) = self.check_session().await {
                        return farewell;
                    }
                }
                _ = stopping.wait_for(|is_stopping| *is_stopping) => {
                    return Farewell::restarting(&self.shared);
                }
            }
            if self.outgoing.is_gone() {
                return Farewell::Cut;
            }
        }
    }
}
