//! A subscription: connects, yields updates, and reconnects.

mod link;

use std::collections::BTreeSet;
use std::pin::Pin;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{Stream, stream};
use tokio::time::{Instant, Sleep, sleep};

use crate::backoff::Backoff;
use crate::client::Client;
use crate::error::ClientError;
use crate::incoming::Incoming;
use crate::positions::Positions;
use crate::tracker::{Fault, Tracker};
use crate::update::{Follow, Update};
use link::{Link, Lost};

const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(15);

/// After a connection of this length, the backoff starts again.
const STABLE: Duration = Duration::from_secs(30);

/// Follows chats over any number of connections. Yields each event once, per chat in order.
/// Reconnects with backoff, or when the server said.
///
/// [`Self::next`] is cancellation safe. While it is not called, nothing is read, and after a while
/// the server closes the connection; the next call resumes.
pub struct Subscription {
    client: Client,
    tracker: Tracker,
    backoff: Backoff,
    state: State,
}

/// The state that a cancelled [`Subscription::next`] continues from.
enum State {
    /// Waits for the next attempt.
    Waiting(Pin<Box<Sleep>>),
    /// Connects. Yields the connection and the id of its agent.
    Connecting(BoxFuture<'static, Result<(Link, String), Lost>>),
    /// Sends the `subscribe` frames.
    Asking(BoxFuture<'static, Result<Link, Lost>>),
    Connected(Box<Link>, Instant),
    /// Looks up the first position of chats joined since the last connection.
    LookingUp(BoxFuture<'static, Result<Vec<(String, u64)>, Lost>>),
    Over,
}

/// A completed step of [`Subscription::next`].
enum Happened {
    Waited,
    Connected(Result<(Link, String), Lost>),
    Asked(Result<Link, Lost>),
    Received(Result<Incoming, Lost>),
    LookedUp(Result<Vec<(String, u64)>, Lost>),
}

impl Subscription {
    pub(crate) fn new(client: Client, follow: Follow, positions: Positions) -> Self {
        let state = connect(&client);
        Self {
            client,
            tracker: Tracker::new(follow.normalized(), positions),
            backoff: Backoff::new(FIRST_WAIT, LONGEST_WAIT),
            state,
        }
    }

    /// The positions after the last update that was yielded. A program that stores them after it
    /// has processed an update misses nothing; after a crash it may get the last update again.
    #[must_use]
    pub fn positions(&self) -> &Positions {
        self.tracker.delivered()
    }

    /// Waits for the next update. Returns `None` after an error, or when all followed chats have
    /// ended.
    ///
    /// # Errors
    /// Only errors that a new connection cannot repair: the token has ended (401 or close
    /// code 4401), a chat is refused, or the server does not follow the protocol.
    pub async fn next(&mut self) -> Option<Result<Update, ClientError>> {
        loop {
            if let Some(update) = self.tracker.next_update() {
                return Some(Ok(update));
            }
            if self.tracker.is_over() {
                self.state = State::Over;
            }
            let happened = match &mut self.state {
                State::Waiting(sleep) => {
                    sleep.await;
                    Happened::Waited
                }
                State::Connecting(connecting) => Happened::Connected(connecting.await),
                State::Asking(asking) => Happened::Asked(asking.await),
                State::Connected(link, _) => Happened::Received(link.next().await),
                State::LookingUp(looking) => Happened::LookedUp(looking.await),
                State::Over => return None,
            };
            match self.advance(happened) {
                Ok(None) => {}
                Ok(Some(update)) => return Some(Ok(update)),
                Err(error) => {
                    self.state = State::Over;
                    return Some(Err(error));
                }
            }
        }
    }

    /// The updates as a stream.
    pub fn into_stream(self) -> impl Stream<Item = Result<Update, ClientError>> {
        stream::unfold(self, |mut subscription| async move {
            let update = subscription.next().await?;
            Some((update, subscription))
        })
    }

    fn advance(&mut self, happened: Happened) -> Result<Option<Update>, ClientError> {
        let lost = match happened {
            Happened::Waited => {
                self.state = connect(&self.client);
                return Ok(None);
            }
            Happened::Connected(Ok((link, agent))) => {
                let frames = self.tracker.begin(&agent);
                self.state = State::Asking(Box::pin(link.send(frames)));
                return Ok(None);
            }
            Happened::Asked(Ok(link)) => {
                self.state = State::Connected(Box::new(link), Instant::now());
                return Ok(None);
            }
            Happened::Received(Ok(frame)) => match self.receive(frame) {
                Ok(()) => return Ok(None),
                Err(lost) => lost,
            },
            Happened::LookedUp(Ok(begins)) => {
                for (chat, seq) in begins {
                    self.tracker.begin_after(&chat, seq);
                }
                self.state = connect(&self.client);
                return Ok(None);
            }
            Happened::Connected(Err(lost))
            | Happened::Asked(Err(lost))
            | Happened::Received(Err(lost))
            | Happened::LookedUp(Err(lost)) => lost,
        };
        self.disconnect(lost).map(Some)
    }

    fn receive(&mut self, frame: Incoming) -> Result<(), Lost> {
        let is_progress = matches!(frame, Incoming::Event(_) | Incoming::CaughtUp(..));
        self.tracker.take(frame).map_err(|fault| match fault {
            Fault::Gap { .. } | Fault::Busy { .. } => Lost::because(fault.to_string()),
            Fault::Refused { reason, message } => Lost::Permanently(ClientError::Refused {
                status: 400,
                reason,
                message,
                details: Vec::new(),
                request_id: String::new(),
            }),
        })?;
        if is_progress && self.tracker.is_open() {
            self.backoff.reset();
        }
        let joined = self.tracker.take_joined();
        if !joined.is_empty() {
            let client = self.client.clone();
            self.state = State::LookingUp(Box::pin(look_up(client, joined)));
        }
        Ok(())
    }

    fn disconnect(&mut self, lost: Lost) -> Result<Update, ClientError> {
        if let State::Connected(_, since) = &self.state
            && since.elapsed() >= STABLE
        {
            self.backoff.reset();
        }
        let (reason, retry_in) = match lost {
            Lost::Permanently(error) => return Err(error),
            Lost::RetryAfter(reason, retry_in) => (reason, retry_in),
            Lost::ForNow(reason) => (reason, self.backoff.next()),
        };
        self.state = State::Waiting(Box::pin(sleep(retry_in)));
        Ok(Update::Disconnected { reason, retry_in })
    }
}

fn connect(client: &Client) -> State {
    State::Connecting(Box::pin(Link::open(client.clone())))
}

/// A chat that was deleted meanwhile is skipped: the next connection does not list it.
async fn look_up(client: Client, chats: BTreeSet<String>) -> Result<Vec<(String, u64)>, Lost> {
    let mut begins = Vec::with_capacity(chats.len());
    for chat in chats {
        match client.before_joining(&chat).await {
            Ok(seq) => begins.push((chat, seq)),
            Err(ClientError::Refused {
                status: 403 | 404, ..
            }) => return Err(Lost::because(format!("chat {chat} has gone"))),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(begins)
}
