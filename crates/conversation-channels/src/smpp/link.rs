//! Keeps the session of one account: connects, binds, and does so again when the session has ended.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use metrics::{counter, gauge};
use rusmpp::{CommandStatus, Pdu};
use talk_domain::kernel::time::Timestamp;
use talk_outgoing::{Client, Target};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};

use super::inbox::{Inbox, Shelf, WAITING};
use super::pdu::{Credentials, bind};
use super::session::{NoAnswer, Session};
use super::status::name_of;

/// Pause before the second try to connect. Each further one is twice as long, up to [`LONGEST`].
const SHORTEST: Duration = Duration::from_secs(1);

/// The longest pause, and that after a refusal of the credentials.
const LONGEST: Duration = Duration::from_secs(60);

/// Time after which a session was a success, so that the next pause is the shortest.
const STABLE: Duration = Duration::from_secs(10);

/// The longest pause after a session that was bound for a short time.
const FLAPPING: Duration = Duration::from_secs(4);

/// Time for the answer to the end of a session.
const UNBIND: Duration = Duration::from_secs(2);

/// The state of the session of an account.
#[derive(Clone)]
pub(super) enum State {
    /// It is being bound for the first time.
    Connecting,
    /// It is bound.
    Bound(Arc<Session>),
    /// It is not bound at the moment.
    Down(String),
    /// The message centre refuses the credentials.
    Refused {
        /// The status.
        code: String,
        /// The reason.
        reason: String,
    },
}

/// The session of an account, for those that send messages.
pub(crate) struct Link {
    /// The time of the last change of the account.
    pub(super) version: Timestamp,
    state: watch::Sender<State>,
    stop: watch::Sender<bool>,
    reference: AtomicU8,
}

/// Settings of a session.
#[derive(Clone, Debug)]
pub(super) struct Terms {
    pub(super) target: Target,
    pub(super) system_id: String,
    pub(super) password: String,
    pub(super) system_type: String,
    pub(super) window: u16,
    pub(super) enquire_link: Duration,
    /// Time for a connection and for each answer.
    pub(super) time: Duration,
}

impl Link {
    pub(super) fn new(version: Timestamp, reference: u8) -> Self {
        Self {
            version,
            state: watch::Sender::new(State::Connecting),
            stop: watch::Sender::new(false),
            reference: AtomicU8::new(reference),
        }
    }

    /// Ends the session in order, and [`Self::keep`] with it.
    pub(super) fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Returns a number for the segments of a message. The last 256 messages have different ones.
    pub(super) fn reference(&self) -> u8 {
        self.reference.fetch_add(1, Ordering::Relaxed)
    }

    /// Waits up to `time` for the end of the first try to bind the session, and returns the state then.
    pub(super) async fn settled(&self, time: Duration) -> State {
        let mut states = self.state.subscribe();
        let is_settled = |state: &State| !matches!(state, State::Connecting);
        let _ = timeout(time, states.wait_for(is_settled)).await;
        self.state.borrow().clone()
    }

    /// Keeps the session until it is stopped.
    pub(super) async fn keep<S: Shelf>(
        &self,
        client: &Client,
        terms: &Terms,
        inbox: &mut Inbox<S>,
    ) {
        let mut pause = SHORTEST;
        loop {
            let start = Instant::now();
            let mut stops = self.stop.subscribe();
            let connected = tokio::select! {
                () = is_true(&mut stops) => return,
                connected = client.connect(&terms.target, terms.time) => connected,
            };
            let end = match connected {
                Ok(stream) => self.serve(stream, terms, inbox).await,
                Err(none) => State::Down(none.reason),
            };
            let outcome = match &end {
                State::Refused { .. } => "refused",
                _ => "ended",
            };
            counter!("talk_smpp_sessions_ended_total", "reason" => outcome).increment(1);
            let was_bound = matches!(*self.state.borrow(), State::Bound(_));
            pause = match &end {
                State::Refused { .. } => LONGEST,
                _ if start.elapsed() >= STABLE => SHORTEST,
                _ if was_bound => pause.min(FLAPPING),
                _ => pause,
            };
            self.state.send_replace(end);
            if timeout(pause, is_true(&mut stops)).await.is_ok() {
                return;
            }
            pause = LONGEST.min(pause * 2);
        }
    }

    /// Runs one session over a connection. Returns the state after its end.
    pub(super) async fn serve<S: Shelf>(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin,
        terms: &Terms,
        inbox: &mut Inbox<S>,
    ) -> State {
        let (session, queue) = Session::new(terms.window, terms.time);
        let session = Arc::new(session);
        let (deliveries, arriving) = mpsc::channel(WAITING);
        let (input, output) = tokio::io::split(stream);
        let mut leading = pin!(self.lead(&session, terms));
        let broken = tokio::select! {
            end = &mut leading => Err(end),
            reason = session.read(input, &deliveries) => Ok(reason),
            reason = session.write(output, queue) => Ok(reason),
            reason = inbox.take_in(&session, arriving) => Ok(reason),
        };
        session.close();
        inbox.end_session(&session);
        match broken {
            Err(end) => end,
            // A message centre may refuse the session and close the connection at once.
            Ok(reason) => match timeout(Duration::ZERO, leading).await {
                Ok(refused @ State::Refused { .. }) => refused,
                _ => State::Down(reason),
            },
        }
    }

    /// Binds the session, shows that the connection works, and ends the session when it is stopped.
    async fn lead(&self, session: &Arc<Session>, terms: &Terms) -> State {
        let mut stops = self.stop.subscribe();
        let bound = tokio::select! {
            () = is_true(&mut stops) => return State::Down("the session was ended".to_owned()),
            bound = request_bind(session, terms) => bound,
        };
        if let Err(end) = bound {
            return end;
        }
        session.mark_bound();
        let _bound = BoundGauge::new();
        self.state.send_replace(State::Bound(Arc::clone(session)));
        loop {
            tokio::select! {
                () = sleep(terms.enquire_link) => {
                    let shown = session.request(Pdu::EnquireLink, terms.time).await;
                    if let Err(NoAnswer::NotSent(reason) | NoAnswer::Lost(reason)) = shown {
                        return State::Down(format!("enquire_link: {reason}"));
                    }
                }
                () = is_true(&mut stops) => {
                    self.state.send_replace(State::Down("the session ends".to_owned()));
                    let _ = session.request(Pdu::Unbind, UNBIND).await;
                    return State::Down("the session was ended".to_owned());
                }
            }
        }
    }
}

/// Waits until a flag is set.
pub(super) async fn is_true(flag: &mut watch::Receiver<bool>) {
    // The sender lives as long as the link.
    let _ = flag.wait_for(|is_set| *is_set).await;
}

async fn request_bind(session: &Session, terms: &Terms) -> Result<(), State> {
    let credentials = Credentials {
        system_id: &terms.system_id,
        password: &terms.password,
        system_type: &terms.system_type,
    };
    let refused = |reason| State::Refused {
        code: "credentials".to_owned(),
        reason,
    };
    let unit = bind(credentials).map_err(refused)?;
    let answer = session.request(unit, terms.time).await;
    let status = match answer {
        Ok(frame) => frame.status,
        Err(NoAnswer::NotSent(reason) | NoAnswer::Lost(reason)) => {
            return Err(State::Down(format!("bind: {reason}")));
        }
    };
    let code = name_of(status);
    let reason = format!("the message centre refuses the session: {code}");
    match status {
        CommandStatus::EsmeRok => Ok(()),
        CommandStatus::EsmeRinvpaswd
        | CommandStatus::EsmeRinvsysid
        | CommandStatus::EsmeRinvsystyp
        | CommandStatus::EsmeRbindfail => Err(State::Refused { code, reason }),
        _ => Err(State::Down(reason)),
    }
}

/// Counts a bound session for as long as it lives.
struct BoundGauge;

impl BoundGauge {
    fn new() -> Self {
        gauge!("talk_smpp_sessions").increment(1);
        Self
    }
}

impl Drop for BoundGauge {
    fn drop(&mut self) {
        gauge!("talk_smpp_sessions").decrement(1);
    }
}

#[cfg(test)]
mod tests;
