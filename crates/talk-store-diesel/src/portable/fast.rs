//! Optimizations, each behind a plain interface.
//!
//! - The [cache of a batch](batch_cache): without it, 256 posts to one chat in one transaction took
//!   5.8 times as long, posts to 64 chats 5.1 times, and a post alone twice as long (units of work on
//!   a file in memory, without the disk). End to end it is the scenario `post` of talk-bench.
//!   [`StoreOptions::is_plain`](crate::StoreOptions::is_plain) switches it off, and tests compare both.
//! - [Statements by type](prepared): an insert of a message took 4.5 µs instead of 8.3 µs. Scenario
//!   `post` too.

pub(crate) mod batch_cache;
pub(crate) mod chats;
pub(crate) mod prepared;
