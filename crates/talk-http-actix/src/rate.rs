//! Rate limits of agents, customers and addresses.
//!
//! Each of them has a token bucket. Work costs tokens:
//!
//! | work | tokens |
//! |---|---|
//! | a request, also a refused one, and a `post` frame | 1 |
//! | every full 16 KiB of a body, received or sent, and of a `post` frame | 1 more |
//! | every four participants that a new chat is created with | 1 more |
//! | a search, or a password that is hashed | 9 more |
//! | the first message of a visitor of a web chat | 50 more, of buckets of their own |
//!
//! A request is admitted while a token is left, whatever its final cost: a bucket can go into debt,
//! and admits nothing until the debt is paid off. A request that finds no token is answered 429
//! `RATE_LIMITED`. If its connection sends more, the next request waits for its token before it is
//! answered, and nothing is read from the connection meanwhile.

mod bucket;
mod limiter;
mod pace;
#[cfg(test)]
mod tests;

use std::time::Duration;

pub(crate) use bucket::Bucket;
pub(crate) use limiter::{HEAVY, Limiter, participants};
pub(crate) use pace::Pace;

/// Maximum wait of a request for its token.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Maximum debt of a bucket, as the time it takes to pay off.
const LARGEST_DEBT: Duration = Duration::from_secs(10);

/// Size and refill rate of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Tokens a second; 0 for no limit.
    pub per_second: u32,
    /// Tokens in a full bucket, at least 1.
    pub burst: u32,
}

/// The buckets of agents, customers and addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// Of each agent.
    pub agent: Rate,
    /// Of each customer.
    pub customer: Rate,
    /// Of each address; the IPv6 addresses of one /64 share a bucket.
    pub address: Rate,
}

#[cfg(test)]
impl Rates {
    /// No limit, for tests that are not about them.
    pub(crate) const OF_TESTS: Self = Self {
        agent: Rate::UNLIMITED,
        customer: Rate::UNLIMITED,
        address: Rate::UNLIMITED,
    };
}

#[cfg(test)]
impl Rate {
    /// No limit.
    pub(crate) const UNLIMITED: Self = Self {
        per_second: 0,
        burst: 0,
    };
}
