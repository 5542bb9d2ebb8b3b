//! The conversation with one client.

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
use super::rate::Rate;
use super::subscription::{Asked, Subscription};
use crate::actor_cache::Session as Login;
use crate::address::ClientAddress;
use crate::quota::Share;
use crate::shared::Shared;
use writing::notice;

/// How often the client is asked whether it is there, and how long it may stay silent.
const PING: Duration = Duration::from_secs(25);
const SILENCE: Duration = Duration::from_secs(60);

/// How often the client is told where quiet chats stand.
const POSITIONS: Duration = Duration::from_secs(300);

/// How long a client may take nothing of what waits for it.
const STALLED: Duration = Duration::from_secs(20);

/// How long a client has to take the last frames and answer the close.
const FAREWELL: Duration = Duration::from_secs(3);

/// How long posts under way have to end when the conversation does.
const FINISH: Duration = Duration::from_secs(5);

/// The server stops; come back.
const RESTARTING: u16 = 4503;

/// Posts under way of one connection; its next frame waits.
const POSTS: usize = 256;

/// Bad frames before the connection is closed.
const BAD_FRAMES: usize = 3;

/// How a conversation ends.
#[derive(Debug, PartialEq, Eq)]
enum Farewell {
    /// With this close code.
    Close(u16, String),
    /// With an answer to the client's own close.
    Answer(Option<u16>),
    /// The client is gone or takes nothing; nothing more reaches it.
    Cut,
}

impl Farewell {
    fn because(code: u16, reason: &str) -> Self {
        Self::Close(code, reason.to_owned())
    }

    fn expired() -> Self {
        Self::because(4401, "the token is expired or revoked")
    }

    /// Clients come back at different times, not all at once.
    fn restarting(shared: &Shared) -> Self {
        let spread = (shared.api.random)() % 2_000;
        Self::because(RESTARTING, &format!("retry_ms={}", 500 + spread))
    }
}

/// The client's next frame, once it has taken most of what waits for it: who takes no answers asks
/// for no more.
async fn next_frame(incoming: &mut Incoming, outgoing: &Outgoing) -> Received {
    poll_fn(|cx| outgoing.poll_space(cx)).await;
    incoming.next().await
}

/// The next answer to a post, once there is space for it.
async fn next_answer(posts: &mut Posts, outgoing: &Outgoing) -> Option<String> {
    poll_fn(|cx| outgoing.poll_space(cx)).await;
    posts.next().await
}

/// Posts under way, each with its answer.
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
    /// The subscription whose beginning the connection has not come to yet.
    asked: Option<Asked>,
    positions: Positions,
    posts: Posts,
    rate: Rate,
    /// When the next frame is read, if the posts so far cost more than the client has.
    paused_until: Option<Instant>,
    /// Whether the client gives ids: then it knows frames that VoIPBIN's protocol has not.
    is_modern: bool,
    bad_frames: usize,
    heard_at: Instant,
    pinged_at: Instant,
    positioned_at: Instant,
    revocations: watch::Receiver<()>,
}

/// What the server has said is taken and its connection ended, however the conversation ends.
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
        // The caller was perhaps known from a moment ago: look again.
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
            asked: None,
            positions: Positions::default(),
            posts: FuturesUnordered::new(),
            rate: Rate::new(now),
            paused_until: None,
            is_modern: false,
            bad_frames: 0,
            heard_at: now,
            pinged_at: now,
            positioned_at: now,
        }
    }

    /// Converses until one side ends it.
    pub(super) async fn run(mut self) {
        let farewell = self.converse().await;
        self.finish_posts(&farewell).await;
        match farewell {
            Farewell::Close(code, reason) => self.close(code, &reason).await,
            Farewell::Answer(code) => self.answer_close(code).await,
            Farewell::Cut => self.peer.cut(),
        }
    }

    /// What was accepted is carried out and answered before the end, unless nobody takes answers
    /// any more or the client may post no more.
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
        // What takes longer is answered to a repetition with the same id.
        let _ = timeout(FINISH, finished).await;
    }

    /// Says goodbye and waits a little for the answer, so that the client sees why.
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

    /// Both sides have said goodbye once the answer is taken.
    async fn answer_close(&self, code: Option<u16>) {
        self.outgoing.close(code, "");
        let taken = poll_fn(|cx| self.outgoing.poll_empty(cx));
        if timeout(FAREWELL, taken).await.is_err() {
            self.peer.cut();
        }
    }

    /// Whether the client's next frame is read: not before the last one was obeyed and paid for.
    fn reads_on(&self) -> bool {
        self.asked.is_none() && self.posts.len() < POSTS && self.paused_until.is_none()
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
                    if self.has_ended().await {
                        return Farewell::expired();
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
