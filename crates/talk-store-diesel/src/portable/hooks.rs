//! Endpoints of webhooks with their deliveries, and intercepts with their decisions.

mod decisions;
mod deliveries;
mod held;
mod intercepts;
mod removal;
mod webhooks;
