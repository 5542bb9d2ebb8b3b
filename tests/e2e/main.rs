//! End-to-end tests: the real binary, real sockets, a real database.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod access_keys;
mod architecture;
mod backups;
mod browsers;
mod channels;
mod chaos;
mod chats;
mod cleanups;
mod clients;
mod connections;
mod console;
mod conversations;
mod deleted_chats;
mod direct_chats;
mod durability;
mod erasure;
mod events;
mod examples;
mod files;
mod folding;
mod held_open;
mod idempotency;
mod identity;
mod input;
mod intercepts;
mod legacy;
mod lists;
mod medias;
mod memory;
mod messages;
mod page_bytes;
mod presence;
mod races;
mod rates;
mod reactions;
mod reading;
mod retention;
mod rules;
mod scenarios;
mod search;
mod second_domain;
mod slow_reads;
mod sockets;
mod stalled;
mod storage;
mod system_messages;
mod tenants;
mod threads;
mod visibility;
mod webhooks;
mod wording;
