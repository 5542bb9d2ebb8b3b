//! File descriptors: every connection needs one.

use talk_http_actix::ConnectionLimits;

use crate::settings::Settings;

/// File descriptors left for the database, the log and the connections of operators.
const OWN_FILES: u64 = 256;

/// Raises the soft limit of file descriptors to the hard limit: every connection needs one.
pub(crate) fn raise_file_limit() {
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(files) => tracing::debug!(files, "file descriptors"),
        Err(error) => tracing::warn!(%error, "the limit of file descriptors was not raised"),
    }
}

/// Returns the limit of connections: the setting, but no more than the limit of file descriptors
/// allows.
pub(crate) fn connection_limits(settings: &Settings) -> ConnectionLimits {
    let files = rlimit::Resource::NOFILE.get_soft().unwrap_or(u64::MAX);
    let room = files.saturating_sub(OWN_FILES).max(1);
    let room = usize::try_from(room).unwrap_or(usize::MAX);
    let wanted = settings.max_connections;
    if wanted > room {
        tracing::warn!(
            wanted,
            room,
            "max_connections is more than the limit of file descriptors allows"
        );
    }
    ConnectionLimits {
        connections: if wanted == 0 { room } else { wanted.min(room) },
        per_address: settings.max_connections_per_address,
    }
}
