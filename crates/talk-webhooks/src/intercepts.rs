//! Intercepts: keeps the enabled ones of all customers in memory, so that none is read from the
//! database for a message, and calls them.

mod answer;
mod breaker;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use metrics::{counter, histogram};
use talk_domain::hooks::gateway::{Answer, Call, Called, Intercepts};
use talk_domain::hooks::intercept::{Intercept, Point, secret_owner};
use talk_domain::kernel::future::BoxFuture;
use talk_domain::kernel::id::CustomerId;
use talk_domain::kernel::store::{ReadLane, Unit};
use talk_domain::kernel::store_error::StoreError;
use talk_outgoing::{Answered, Client, ExchangeLimits, Method, Outgoing};
use tokio::sync::Semaphore;
use tokio::time::{interval, timeout};

use crate::dispatcher::Ports;
use crate::signature::headers;
use answer::read;
use breaker::Breaker;

/// Time between two reads of all enabled intercepts, by which changes of other processes are found.
const LOOK: Duration = Duration::from_secs(1);

/// Maximum number of bytes of an intercept's answer.
const ANSWER: usize = 262_144;

/// One customer has at most this part of all calls under way: an eighth.
const SHARE: usize = 8;

type Key = (CustomerId, Point);

/// The enabled intercepts of all customers, and the state of their calls.
pub struct InterceptCaller {
    ports: Ports,
    client: Client,
    /// The enabled intercepts.
    enabled: RwLock<HashMap<Key, Arc<Intercept>>>,
    /// Locked while the intercepts are read and replaced, so that a read from before a change
    /// cannot overwrite the result of a read from after it.
    reading: tokio::sync::Mutex<()>,
    /// The state of each enabled intercept that was called.
    called: Mutex<HashMap<Key, Arc<State>>>,
    /// Limits the calls under way of all customers.
    connections: Arc<Semaphore>,
    share: usize,
}

/// The state of an intercept between its calls.
struct State {
    breaker: Mutex<Breaker>,
    /// Limits the calls under way.
    calls: Arc<Semaphore>,
}

impl InterceptCaller {
    /// Creates a caller with at most `connections` calls under way. One customer has an eighth of them.
    #[must_use]
    pub fn new(ports: Ports, client: Client, connections: usize) -> Self {
        Self {
            ports,
            client,
            enabled: RwLock::default(),
            reading: tokio::sync::Mutex::default(),
            called: Mutex::default(),
            connections: Arc::new(Semaphore::new(connections)),
            share: (connections / SHARE).max(1),
        }
    }

    /// Reads the intercepts every second, until dropped.
    pub async fn watch(self: Arc<Self>) {
        let mut looks = interval(LOOK);
        loop {
            looks.tick().await;
            if let Err(error) = self.read().await {
                tracing::warn!(%error, "intercepts were not read; the ones before are used");
            }
        }
    }

    /// Replaces the intercepts in memory by those in the database.
    async fn read(&self) -> Result<(), StoreError> {
        let _reading = self.reading.lock().await;
        let unit = Unit::installation("enabled_intercepts").in_lane(ReadLane::Shared);
        let store = &self.ports.store;
        let enabled = store.read(unit, |snapshot| snapshot.intercepts().enabled());
        let enabled = enabled.await?.into_iter();
        let enabled: HashMap<_, _> = enabled
            .map(|one| ((one.customer, one.point), Arc::new(one)))
            .collect();
        let mut called = self.called.lock().unwrap_or_else(PoisonError::into_inner);
        called.retain(|key, _| enabled.contains_key(key));
        drop(called);
        *self.enabled.write().unwrap_or_else(PoisonError::into_inner) = enabled;
        Ok(())
    }

    /// Returns the state of an intercept, new if it was not called before.
    fn state(&self, intercept: &Intercept) -> Arc<State> {
        let key = (intercept.customer, intercept.point);
        let mut called = self.called.lock().unwrap_or_else(PoisonError::into_inner);
        let state = called.entry(key).or_insert_with(|| {
            Arc::new(State {
                breaker: Mutex::default(),
                calls: Arc::new(Semaphore::new(self.share)),
            })
        });
        Arc::clone(state)
    }

    /// Calls an intercept, unless its breaker or the number of calls under way forbids it.
    async fn ask(&self, intercept: &Intercept, call: Call) -> Called {
        let (start, state) = (Instant::now(), self.state(intercept));
        let allowed = {
            let mut breaker = state.breaker.lock().unwrap_or_else(PoisonError::into_inner);
            breaker.allows(start, intercept.updated)
        };
        if let Err(pause) = allowed {
            let seconds = u32::try_from(pause.as_secs()).unwrap_or(u32::MAX);
            return Called {
                paused: Some(seconds.saturating_add(1)),
                ..failed(start, "not called: the last calls failed")
            };
        }
        let time = Duration::from_millis(intercept.timeout_ms.into());
        let free = timeout(time, async {
            // Semaphores of this server are never closed.
            let of_customer = Arc::clone(&state.calls).acquire_owned().await;
            let of_all = Arc::clone(&self.connections).acquire_owned().await;
            (of_customer, of_all)
        });
        let Ok(_free) = free.await else {
            let mut breaker = state.breaker.lock().unwrap_or_else(PoisonError::into_inner);
            breaker.skipped(intercept.updated);
            return failed(start, "not called: too many calls are under way");
        };
        let answer = self.send(intercept, call, time.saturating_sub(start.elapsed()));
        let (answer, latency_ms) = answer.await;
        let mut breaker = state.breaker.lock().unwrap_or_else(PoisonError::into_inner);
        breaker.record(Instant::now(), intercept.updated, answer.is_ok());
        drop(breaker);
        Called {
            answer,
            latency_ms,
            paused: None,
        }
    }

    /// Signs and sends the request of a call, and parses its answer. Also returns the latency in
    /// milliseconds, which is zero if the address is refused, because the time would reveal whether
    /// the name exists.
    async fn send(
        &self,
        intercept: &Intercept,
        call: Call,
        time: Duration,
    ) -> (Result<Answer, String>, u32) {
        let now = (self.ports.clock)();
        let owner = secret_owner(intercept.customer, intercept.point);
        let secrets = intercept.secrets.signing(now).into_iter();
        let secrets = secrets.map(|sealed| self.ports.secrets.open(&owner, sealed));
        let secrets: Result<Vec<_>, _> = secrets.collect();
        let secrets = match secrets {
            Ok(secrets) => secrets,
            Err(error) => {
                let customer = intercept.customer;
                tracing::error!(%error, %customer, "a secret of an intercept cannot be used");
                return (Err("the server cannot sign the request".to_owned()), 0);
            }
        };
        let (id, body) = (call.decision.to_string(), call.body);
        let seconds = now.as_micros().div_euclid(1_000_000);
        let outgoing = Outgoing {
            uri: &intercept.uri,
            method: Method::POST,
            headers: headers(&secrets, (&id, seconds), body.as_bytes()),
            body,
        };
        let limits = ExchangeLimits {
            time,
            bytes: ANSWER,
        };
        let exchange = self.client.exchange(outgoing, limits).await;
        let latency_ms = exchange.latency_ms();
        (
            exchange
                .answered
                .map_err(|none| none.reason)
                .and_then(|answered| whole(&answered)),
            latency_ms,
        )
    }
}

/// Parses an answer that is complete.
fn whole(answered: &Answered) -> Result<Answer, String> {
    if !answered.is_whole || answered.body.len() > ANSWER {
        return Err(format!(
            "the answer broke off or has more than {ANSWER} bytes"
        ));
    }
    read(answered.status.as_u16(), &answered.body)
}

fn failed(start: Instant, error: &str) -> Called {
    Called {
        answer: Err(error.to_owned()),
        latency_ms: milliseconds(start),
        paused: None,
    }
}

fn milliseconds(start: Instant) -> u32 {
    u32::try_from(start.elapsed().as_millis()).unwrap_or(u32::MAX)
}

impl Intercepts for InterceptCaller {
    fn active(&self, customer: CustomerId, point: Point) -> Option<Arc<Intercept>> {
        let enabled = self.enabled.read().unwrap_or_else(PoisonError::into_inner);
        if enabled.is_empty() {
            return None;
        }
        enabled.get(&(customer, point)).cloned()
    }

    fn refresh(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(self.read())
    }

    fn call<'a>(&'a self, intercept: &'a Intercept, call: Call) -> BoxFuture<'a, Called> {
        Box::pin(async move {
            let called = self.ask(intercept, call).await;
            let outcome = match &called.answer {
                Ok(Answer::Allow) => "allow",
                Ok(Answer::Modify(_)) => "modify",
                Ok(Answer::Block(_)) => "block",
                Ok(Answer::Hold(_)) => "hold",
                Err(_) => "failed",
            };
            counter!("talk_intercept_calls_total", "outcome" => outcome).increment(1);
            let seconds = f64::from(called.latency_ms) / 1_000.0;
            histogram!("talk_intercept_seconds").record(seconds);
            called
        })
    }
}
