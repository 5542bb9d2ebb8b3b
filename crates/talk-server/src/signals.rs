//! The signals that stop the server.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Begins to listen for SIGTERM and SIGINT.
pub(crate) fn stop_signals() -> std::io::Result<[Signal; 2]> {
    Ok([
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    ])
}

/// Waits for SIGTERM or SIGINT.
pub(crate) async fn stop_signal([mut terminate, mut interrupt]: [Signal; 2]) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
