//! Deadlines of a connection: pings, positions, silence, stalls, and the end of its session.

use std::time::{Duration, Instant};

use super::{Farewell, PING, POSITIONS, SILENCE, STALLED, Session};
use crate::authentication::look_up;

/// Pause before the session is checked again, while storage is unavailable.
const ASK_AGAIN: Duration = Duration::from_millis(100);

impl Session {
    /// Checks the session again. It ends with its token, key or agent. A connection whose agent has
    /// become an admin or manager, or is none any more, connects again: what it may read has changed.
    pub(super) async fn check_session(&mut self) -> Result<(), Farewell> {
        match look_up(&self.shared, &self.token).await {
            Ok((actor, _)) => {
                let before = std::mem::replace(&mut self.actor, actor);
                if before.permission.administers() != actor.permission.administers() {
                    return Err(Farewell::restarting(&self.shared));
                }
                Ok(())
            }
            Err(error) if error.is_unavailable() => {
                self.revocations.mark_changed();
                actix_web::rt::time::sleep(ASK_AGAIN).await;
                Ok(())
            }
            Err(_) => Err(Farewell::expired()),
        }
    }

    /// Returns the next deadline.
    pub(super) fn deadline(&self) -> Instant {
        let mut next = (self.pinged_at + PING).min(self.heard_at + SILENCE);
        if let Some(since) = self.outgoing.waiting_since() {
            next = next.min(since + STALLED);
        }
        if let Some(until) = self.paused_until {
            next = next.min(until);
        }
        if let Some(left) = self.left() {
            next = next.min(Instant::now() + left);
        }
        next
    }

    /// Returns the time until the token or key expires, if it does.
    fn left(&self) -> Option<Duration> {
        let expires = self.login.expires?;
        let left = expires.as_micros() - (self.shared.api.clock)().as_micros();
        Some(Duration::from_micros(u64::try_from(left).unwrap_or(0)))
    }

    pub(super) fn check_time(&mut self) -> Result<(), Farewell> {
        let now = Instant::now();
        if self.left().is_some_and(|left| left.is_zero()) {
            return Err(Farewell::expired());
        }
        let waiting = self.outgoing.waiting_since();
        if waiting.is_some_and(|since| now - since >= STALLED) {
            metrics::counter!("talk_sockets_cut_total").increment(1);
            return Err(Farewell::Cut);
        }
        self.paused_until = self.paused_until.filter(|until| now < *until);
        // No silence: frames are not read while the queue is full.
        if !self.outgoing.has_space() || !self.reads_on() {
            self.heard_at = now;
        }
        if now - self.heard_at >= SILENCE {
            return Err(Farewell::because(4408, "nothing was heard"));
        }
        if now - self.pinged_at >= PING {
            self.pinged_at = now;
            self.outgoing.ping();
        }
        if now - self.positioned_at >= POSITIONS {
            self.positioned_at = now;
            self.send_positions();
        }
        Ok(())
    }
}
