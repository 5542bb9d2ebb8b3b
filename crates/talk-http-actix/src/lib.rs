//! The HTTP API of Talk on actix-web.
