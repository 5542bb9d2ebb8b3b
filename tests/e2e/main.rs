//! End-to-end tests: the real binary, real sockets, a real database.

mod architecture;
mod chats;
mod support;
mod tutorial;
