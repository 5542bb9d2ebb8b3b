//! Who may open one more connection.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix_web::http::header::HeaderMap;
use talk_domain::error::ErrorKind;
use talk_domain::id::AgentId;

use super::SocketLimits;
use crate::api_error::ApiError;
use crate::origin::{Origin, Page};
use crate::status::Status;

/// Seconds after which one may try again.
const RETRY_AFTER: u32 = 5;

/// The open connections of this node, counted.
#[derive(Debug, Default)]
pub(crate) struct Admissions {
    open: Arc<Mutex<Open>>,
    limits: (usize, usize),
}

/// The right to one connection, until dropped.
#[derive(Debug)]
pub(crate) struct Admission {
    agent: AgentId,
    open: Arc<Mutex<Open>>,
}

#[derive(Debug, Default)]
struct Open {
    of_node: usize,
    of_agent: HashMap<AgentId, usize>,
}

impl Admissions {
    pub(crate) fn new(limits: &SocketLimits) -> Self {
        Self {
            open: Arc::default(),
            limits: (limits.sockets, limits.per_agent),
        }
    }

    /// Admits one more connection of `agent`.
    pub(crate) fn admit(&self, agent: AgentId) -> Result<Admission, ApiError> {
        let mut open = lock(&self.open);
        let of_agent = open.of_agent.get(&agent).copied().unwrap_or_default();
        let (per_node, per_agent) = self.limits;
        let refused = |reason, whose, limit| {
            let message = format!("{whose} has {limit} sockets already");
            Err(ApiError::too_many(reason, &message, RETRY_AFTER))
        };
        if of_agent >= per_agent {
            return refused("TOO_MANY_SOCKETS", "the agent", per_agent);
        }
        if open.of_node >= per_node {
            return refused("TOO_MANY_SOCKETS", "the server", per_node);
        }
        open.of_node += 1;
        open.of_agent.insert(agent, of_agent + 1);
        gauge(open.of_node);
        Ok(Admission {
            agent,
            open: Arc::clone(&self.open),
        })
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        let mut open = lock(&self.open);
        open.of_node -= 1;
        if let Some(count) = open.of_agent.get_mut(&self.agent) {
            *count -= 1;
            if *count == 0 {
                open.of_agent.remove(&self.agent);
            }
        }
        gauge(open.of_node);
    }
}

fn lock(open: &Mutex<Open>) -> MutexGuard<'_, Open> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

fn gauge(sockets: usize) {
    #[expect(clippy::cast_precision_loss, reason = "sockets are some thousands")]
    metrics::gauge!("talk_sockets").set(sockets as f64);
}

/// Refuses web pages of foreign origins: a browser opens a socket for any page (case 28).
pub(super) fn check_origin(headers: &HeaderMap, allowed: &[Origin]) -> Result<(), ApiError> {
    match Page::of(headers, None, allowed) {
        Page::None | Page::SameHost | Page::Allowed(_) => Ok(()),
        Page::Foreign => Err(ApiError::new(
            Status::Domain(ErrorKind::PermissionDenied),
            "ORIGIN_NOT_ALLOWED",
            "pages of this origin may not connect",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use talk_domain::testing::agent_id;

    /// SPEC 7.
    #[test]
    fn connections_are_counted_per_agent_and_node_and_given_back() {
        let limits = SocketLimits {
            sockets: 3,
            per_agent: 2,
        };
        let admissions = Admissions::new(&limits);
        let first = admissions.admit(agent_id(1)).unwrap();
        let _second = admissions.admit(agent_id(1)).unwrap();
        assert!(admissions.admit(agent_id(1)).is_err());
        let _third = admissions.admit(agent_id(2)).unwrap();
        assert!(admissions.admit(agent_id(3)).is_err());
        drop(first);
        assert!(admissions.admit(agent_id(1)).is_ok());
    }
}
