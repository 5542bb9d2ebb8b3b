//! Charges requests and frames to the buckets of their agent, customer and address.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use actix_web::{HttpMessage as _, HttpRequest, web};
use talk_domain::kernel::context::Actor;
use talk_domain::kernel::id::{AccountId, AgentId, CustomerId};

use super::bucket::{Buckets, nanoseconds};
use super::pace::{Kind, is_paced, pace};
use super::{LONGEST_WAIT, Rates};
use crate::address::ClientAddress;
use crate::api_error::ApiError;
use crate::shared::Shared;

/// Bytes of a body that cost one token.
pub(super) const SIZE_STEP: usize = 16 * 1024;

/// Tokens that a search or a hashed password costs besides the request.
pub(crate) const HEAVY: u32 = 9;

/// Tokens that the first message of a visitor costs, because it creates a room. A client can pose as any
/// number of visitors, so that only this bounds the conversations that an address begins: 10 a second
/// with the default rates.
const NEW_VISITOR: u32 = 50;

/// Participants of a new chat that cost one token.
const PARTICIPANTS_STEP: usize = 4;

/// Returns the additional cost of the participants of a new chat.
pub(crate) fn participants(number: usize) -> u32 {
    u32::try_from(number / PARTICIPANTS_STEP).unwrap_or(u32::MAX)
}

/// Returns the additional cost of a body of this size.
fn bytes(number: u64) -> u32 {
    u32::try_from(number / SIZE_STEP as u64).unwrap_or(u32::MAX)
}

/// The buckets of this process.
#[derive(Debug)]
pub(crate) struct Limiter {
    started: Instant,
    agents: Buckets<AgentId>,
    customers: Buckets<CustomerId>,
    addresses: Buckets<IpAddr>,
    /// Buckets of their own for the first messages of visitors, so that new visitors use up nothing of
    /// the known ones.
    beginners: Buckets<IpAddr>,
    begun: Buckets<AccountId>,
}

impl Limiter {
    pub(crate) fn new(rates: Rates) -> Self {
        Self {
            started: Instant::now(),
            agents: Buckets::new(rates.agent),
            customers: Buckets::new(rates.customer),
            addresses: Buckets::new(rates.address),
            beginners: Buckets::new(rates.address),
            begun: Buckets::new(rates.customer),
        }
    }

    fn now(&self) -> u64 {
        nanoseconds(self.started.elapsed())
    }

    /// Takes tokens of a bucket of this kind. Waits first if the connection has ignored a 429.
    async fn take(
        &self,
        (kind, request): (Kind, &HttpRequest),
        reserve: impl Fn((u64, Duration)) -> Result<Duration, Duration>,
    ) -> Result<(), ApiError> {
        let is_paced = is_paced(request, kind);
        let longest = if is_paced {
            LONGEST_WAIT
        } else {
            Duration::ZERO
        };
        match reserve((self.now(), longest)) {
            Ok(Duration::ZERO) => pace(request, kind, false),
            Ok(wait) => {
                count(kind, "delayed");
                pause(request, wait).await;
            }
            Err(wait) => {
                count(kind, "refused");
                pace(request, kind, true);
                if is_paced {
                    pause(request, LONGEST_WAIT).await;
                }
                return Err(refusal(kind, wait));
            }
        }
        Ok(())
    }

    /// Charges a request to its address, before authentication.
    ///
    /// # Errors
    /// `RATE_LIMITED` if the address has no token left.
    pub(crate) async fn admit(
        &self,
        request: &HttpRequest,
        address: ClientAddress,
    ) -> Result<(), ApiError> {
        let reserve = |when| self.addresses.reserve(address.network(), 1, when);
        self.take((Kind::Address, request), reserve).await
    }

    /// Charges the address for work of a request without an agent.
    ///
    /// # Errors
    /// `RATE_LIMITED` if the address has no token left.
    pub(crate) async fn charge_address(
        &self,
        request: &HttpRequest,
        cost: u32,
    ) -> Result<(), ApiError> {
        let address = ClientAddress::of(request).network();
        let reserve = |when| self.addresses.reserve(address, cost, when);
        self.take((Kind::Address, request), reserve).await
    }

    /// Charges the first message of a visitor to its address and to the account of the web chat.
    ///
    /// # Errors
    /// `RATE_LIMITED` if one of them has no token left.
    pub(crate) async fn charge_new_visitor(
        &self,
        request: &HttpRequest,
        account: AccountId,
    ) -> Result<(), ApiError> {
        let address = ClientAddress::of(request).network();
        let reserve = |when| self.beginners.reserve(address, NEW_VISITOR, when);
        self.take((Kind::Address, request), reserve).await?;
        let reserve = |when| self.begun.reserve(account, NEW_VISITOR, when);
        self.take((Kind::Customer, request), reserve).await
    }

    /// Charges a request to its agent and customer.
    ///
    /// # Errors
    /// `RATE_LIMITED` if one of them has no token left.
    pub(crate) async fn charge_actor(
        &self,
        request: &HttpRequest,
        actor: Actor,
        cost: u32,
    ) -> Result<(), ApiError> {
        let reserve = |when| self.agents.reserve(actor.agent, cost, when);
        self.take((Kind::Agent, request), reserve).await?;
        let reserve = |when| self.customers.reserve(actor.customer, cost, when);
        self.take((Kind::Customer, request), reserve).await
    }

    /// Charges a body of `size` bytes, received or sent, to the address, agent and customer of the
    /// request.
    pub(crate) fn charge_body(&self, request: &HttpRequest, size: u64) {
        let cost = bytes(size);
        if cost == 0 {
            return;
        }
        let now = self.now();
        // Authentication stores the agent in the request's extensions.
        let actor = request.extensions().get::<Actor>().copied();
        if let Some(actor) = actor {
            self.agents.charge(actor.agent, cost, now);
            self.customers.charge(actor.customer, cost, now);
        }
        let address = ClientAddress::of(request).network();
        self.addresses.charge(address, cost, now);
    }

    /// Charges the bytes of a file, received or sent, like [`charge_body`](Self::charge_body). They are
    /// only passed on, so they cost a sixteenth of the bytes of other bodies.
    pub(crate) fn charge_file(&self, request: &HttpRequest, size: u64) {
        self.charge_body(request, size / 16);
    }

    /// Charges a frame of `size` bytes. Returns how long the socket must not be read.
    pub(crate) fn charge_frame(
        &self,
        actor: Actor,
        address: ClientAddress,
        size: usize,
    ) -> Duration {
        let (cost, now) = (bytes(size as u64).saturating_add(1), self.now());
        let waits = [
            (Kind::Agent, self.agents.charge(actor.agent, cost, now)),
            (
                Kind::Customer,
                self.customers.charge(actor.customer, cost, now),
            ),
            (
                Kind::Address,
                self.addresses.charge(address.network(), cost, now),
            ),
        ];
        let longest = waits.into_iter().max_by_key(|(_, wait)| *wait);
        let Some((kind, wait)) = longest.filter(|(_, wait)| !wait.is_zero()) else {
            return Duration::ZERO;
        };
        count(kind, "delayed");
        wait
    }
}

/// Waits, unless the server stops.
async fn pause(request: &HttpRequest, wait: Duration) {
    let shared = request.app_data::<web::Data<Shared>>();
    let Some(mut stopping) = shared.map(|shared| shared.api.stopping.clone()) else {
        return;
    };
    tokio::select! {
        () = tokio::time::sleep(wait) => {}
        Ok(_) = stopping.wait_for(|is_stopping| *is_stopping) => {}
    }
}

fn refusal(kind: Kind, wait: Duration) -> ApiError {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    let message = format!("too many requests of this {}", kind.name());
    let seconds = u32::try_from(seconds).unwrap_or(u32::MAX).max(1);
    ApiError::too_many("RATE_LIMITED", &message, seconds)
}

fn count(kind: Kind, outcome: &'static str) {
    metrics::counter!("talk_rate_limited_total", "bucket" => kind.name(), "outcome" => outcome)
        .increment(1);
}
