//! End-to-end tests: the real binary, real sockets, a real database.

mod chats;
mod support;
