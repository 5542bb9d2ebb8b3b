//! Logs and metrics.

mod queue;

use std::fs::File;
use std::os::fd::AsFd as _;
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::Context as _;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::util::SubscriberInitExt as _;

use self::queue::LogQueue;
use crate::failure::Failure;
use crate::settings::{LogFormat, Settings};

/// Histogram buckets of durations, in seconds: a commit takes about a millisecond, a password a
/// tenth of a second, and clients give up after about ten seconds.
const SECONDS: [f64; 13] = [
    0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// Histogram buckets of counts, for example of changes per commit.
const COUNTS: [f64; 10] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 1_024.0];

/// How long the process waits at its end for a slow reader of the log.
const PATIENCE: Duration = Duration::from_secs(1);

/// The queue of log lines.
static QUEUE: OnceLock<LogQueue> = OnceLock::new();

/// Sends log lines to standard error through a bounded queue, and panics to the log.
pub(crate) fn logs(settings: &Settings) -> Result<(), Failure> {
    // A duplicate descriptor: the lock of `stderr()` would be held while a write blocks.
    let out = File::from(std::io::stderr().as_fd().try_clone_to_owned()?);
    let queue = LogQueue::start(settings.log_queue_bytes, out)?;
    let lines = tracing_subscriber::fmt()
        .with_writer(QUEUE.get_or_init(|| queue).clone())
        .with_span_events(FmtSpan::NONE)
        .with_env_filter(settings.log.filter());
    let started = match settings.log_format {
        LogFormat::Human => lines
            .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
            .log_internal_errors(false)
            .finish()
            .try_init(),
        LogFormat::Json => lines
            .json()
            .flatten_event(true)
            .log_internal_errors(false)
            .finish()
            .try_init(),
    };
    started.context("the log")?;
    std::panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(tracing::field::display);
        let payload = panic.payload();
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let message = text.or_else(|| payload.downcast_ref().copied());
        let thread = std::thread::current();
        tracing::error!(
            location,
            reason = message,
            thread = thread.name(),
            "panicked"
        );
    }));
    Ok(())
}

/// Waits up to a second until the log is written; a stuck reader does not delay the end further.
pub(crate) fn flush() {
    if let Some(queue) = QUEUE.get() {
        queue.flush(PATIENCE);
    }
}

/// Installs the metrics recorder.
pub(crate) fn metrics() -> Result<PrometheusHandle, Failure> {
    use metrics_exporter_prometheus::Matcher::Suffix;

    let recorder = PrometheusBuilder::new()
        .set_buckets(&COUNTS)
        .and_then(|builder| builder.set_buckets_for_metric(Suffix("_seconds".to_owned()), &SECONDS))
        .and_then(PrometheusBuilder::install_recorder)
        .context("the metrics")?;
    metrics::gauge!("talk_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    Ok(recorder)
}
