//! SMPP 3.4: short messages over a session that is bound to a message centre.

mod alphabet;
#[cfg(test)]
mod centre;
mod inbound;
mod inbox;
mod join;
mod link;
mod pdu;
mod repeats;
mod report;
mod session;
mod sessions;
mod split;
mod status;

pub(crate) use sessions::Links;
pub use sessions::Sessions;

use std::sync::Arc;
use std::time::Duration;

use conversation_domain::delivery::settle::Outcome;
use conversation_domain::gateway::{Checked, HookRequest};
use conversation_domain::message::receive::Incoming;
use conversation_domain::receipt::take::Happening;
use rusmpp::{CommandId, Pdu};
use talk_domain::kernel::future::BoxFuture;
use tokio::time::{Instant, sleep};

use crate::adapter::{Adapter, Joining, Opened, Outbound};
use crate::http::Http;
use crate::verified::Verified;
use inbound::{Inbound, Kind};
use link::{Link, State};
use pdu::{Frame, Way, decode, submit};
use session::{NoAnswer, Session};
use split::{MAX_SEGMENTS, split};
use status::{Verdict, judge, name_of};

/// Time that a message waits for a session that is being bound.
const BINDING: Duration = Duration::from_secs(3);

/// Time between two looks for a session that begins.
const BEGINNING: Duration = Duration::from_millis(50);

/// Pause before a part is sent again that a message centre does not take for now, after it has taken others.
const THROTTLED: Duration = Duration::from_secs(1);

/// An account with a message centre.
pub(crate) struct Smpp<'a> {
    pub(crate) opened: Opened<'a>,
    /// The sessions of the server.
    pub(crate) links: &'a Links,
}

impl Adapter for Smpp<'_> {
    /// A message centre sends no requests.
    fn verify(&self, _: &HookRequest) -> Option<Verified> {
        None
    }

    fn event(&self, _: &Verified) -> Option<String> {
        None
    }

    fn parse(&self, verified: &Verified) -> Result<Vec<Happening>, String> {
        let inbound = Inbound::read(verified.bytes())?;
        match (inbound.kind, inbound.place) {
            (Kind::Other, _) => Ok(Vec::new()),
            (Kind::Receipt, _) => {
                let alphabet = inbound.alphabet().unwrap_or(alphabet::Alphabet::Latin1);
                let text = alphabet.decode(&inbound.octets);
                let report = report::report(&self.opened, &inbound.parameters, &text);
                Ok(report.map(Happening::Report).into_iter().collect())
            }
            (Kind::Message, Some(place)) => {
                inbound.alphabet()?;
                Ok(vec![Happening::Segment(join::name_of(&inbound, place))])
            }
            (Kind::Message, None) => {
                let message = join::whole(self.opened.account, &inbound, verified.event())?;
                Ok(vec![Happening::Message(message)])
            }
        }
    }

    fn join(&self, before: &[Verified], newest: &Verified) -> Result<Joining, String> {
        join::join(self.opened.account, before, newest)
    }

    fn join_some(&self, segments: &[Verified]) -> Result<Incoming, String> {
        join::join_some(self.opened.account, segments)
    }

    fn send<'a>(&'a self, http: &'a Http, message: &'a Outbound<'a>) -> BoxFuture<'a, Outcome> {
        let time = http.client().timeout();
        Box::pin(self.submit(time, message))
    }

    fn check<'a>(&'a self, http: &'a Http) -> BoxFuture<'a, Checked> {
        let time = http.client().timeout();
        Box::pin(async move {
            let settled = self.settled(time).await.map(|(_, state)| state);
            let (is_ok, detail) = match settled.unwrap_or(State::Connecting) {
                State::Bound(_) => (true, String::new()),
                State::Refused { reason, .. } | State::Down(reason) => (false, reason),
                State::Connecting => (false, NOT_BOUND.to_owned()),
            };
            Checked {
                is_ok,
                detail: self.opened.cleaned(&detail),
            }
        })
    }
}

/// The reason while no session is bound.
const NOT_BOUND: &str = "the session is not bound yet";

impl Smpp<'_> {
    /// Returns the session of the account as it is now, after its first try to bind. The session of an
    /// account that was created or changed begins within a second.
    async fn settled(&self, time: Duration) -> Option<(Arc<Link>, State)> {
        let deadline = Instant::now() + time;
        let account = self.opened.account;
        loop {
            let link = self.links.get(account.id);
            if let Some(link) = link.filter(|link| link.version == account.updated) {
                let left = deadline.saturating_duration_since(Instant::now());
                let state = link.settled(left).await;
                return Some((link, state));
            }
            if Instant::now() >= deadline {
                return None;
            }
            sleep(BEGINNING).await;
        }
    }

    /// Sends the segments of a message one after the other.
    async fn submit(&self, time: Duration, message: &Outbound<'_>) -> Outcome {
        let deadline = Instant::now() + time;
        let transient = |reason: &str| {
            let failure = self.opened.failure("not_connected", reason, false);
            Outcome::Transient(failure, None)
        };
        let (session, link) = match self.settled(BINDING.min(time)).await {
            Some((link, State::Bound(session))) => (session, link),
            Some((_, State::Refused { code, reason })) => {
                return Outcome::Denied(self.opened.failure(&code, &reason, true));
            }
            Some((_, State::Down(reason))) => return transient(&reason),
            Some((_, State::Connecting)) | None => return transient(NOT_BOUND),
        };
        let permanent =
            |code: &str, reason: &str| Outcome::Permanent(self.opened.failure(code, reason, true));
        let Some(segments) = split(message.text, link.reference()) else {
            let reason = format!("the text needs more than {MAX_SEGMENTS} short messages");
            return permanent("text_too_long", &reason);
        };
        let units = Way::new(message.from, message.to).and_then(|way| {
            let units = segments.iter().map(|segment| submit(&way, segment));
            units.collect::<Result<Vec<_>, _>>()
        });
        match units {
            Ok(units) => self.submit_all(&session, units, deadline).await,
            Err(reason) => permanent("number_invalid", &reason),
        }
    }

    async fn submit_all(&self, session: &Session, units: Vec<Pdu>, deadline: Instant) -> Outcome {
        let total = units.len();
        let mut ids = Vec::new();
        for unit in units {
            let mut outcome = self.submit_one(session, unit.clone(), deadline).await;
            while !ids.is_empty()
                && matches!(outcome, Outcome::Transient(..))
                && Instant::now() + THROTTLED < deadline
            {
                sleep(THROTTLED).await;
                outcome = self.submit_one(session, unit.clone(), deadline).await;
            }
            let failure = match outcome {
                Outcome::Accepted(id) => {
                    ids.extend(id);
                    continue;
                }
                outcome if ids.is_empty() => return outcome,
                Outcome::Transient(failure, _)
                | Outcome::Permanent(failure)
                | Outcome::Denied(failure)
                | Outcome::OptedOut(failure)
                | Outcome::Unknown(failure) => failure,
            };
            // Sent again, the message would arrive in part twice.
            let reason = format!(
                "{} of {total} parts were taken: {}",
                ids.len(),
                failure.reason
            );
            return Outcome::Unknown(self.opened.failure(&failure.code, &reason, false));
        }
        Outcome::Accepted(ids)
    }

    async fn submit_one(&self, session: &Session, unit: Pdu, deadline: Instant) -> Outcome {
        let failure = |code: &str, reason: &str, is_permanent| {
            self.opened.failure(code, reason, is_permanent)
        };
        let frame = match session.submit(unit, deadline).await {
            Ok(frame) => frame,
            Err(NoAnswer::NotSent(reason)) => {
                return Outcome::Transient(failure("not_connected", &reason, false), None);
            }
            Err(NoAnswer::Lost(reason)) => {
                return Outcome::Unknown(failure("no_answer", &reason, false));
            }
        };
        let code = name_of(frame.status);
        let reason = format!("the message centre answers {code}");
        match judge(frame.status) {
            // Without an id it is taken, but no report will find it.
            Verdict::Taken => Outcome::Accepted(id_in(&frame).into_iter().collect()),
            Verdict::Later => Outcome::Transient(failure(&code, &reason, false), None),
            Verdict::Never => Outcome::Permanent(failure(&code, &reason, true)),
            Verdict::Unclear => Outcome::Unknown(failure(&code, &reason, false)),
        }
    }
}

/// Returns the id of an accepted message.
fn id_in(frame: &Frame) -> Option<String> {
    if frame.id != CommandId::SubmitSmResp {
        return None;
    }
    match decode(&frame.octets) {
        Ok(Some(Pdu::SubmitSmResp(answer))) => {
            let id = answer.message_id().as_str().trim_end_matches('\0');
            (!id.is_empty()).then(|| id.to_owned())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
