//! Logs and metrics.

use anyhow::Context as _;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::failure::Failure;
use crate::settings::{LogFormat, Settings};

/// Upper bounds of durations, in seconds: a commit takes about a millisecond, a password a tenth of
/// a second, and beyond ten seconds everybody has gone.
const SECONDS: [f64; 13] = [
    0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// Upper bounds of counts, for example of changes in one commit.
const COUNTS: [f64; 10] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 1_024.0];

/// Sends log lines to the standard error.
pub(crate) fn logs(settings: &Settings) -> Result<(), Failure> {
    let lines = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_span_events(FmtSpan::NONE)
        .with_env_filter(settings.log.filter());
    let started = match settings.log_format {
        LogFormat::Human => lines
            .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
            .finish()
            .try_init(),
        LogFormat::Json => lines.json().flatten_event(true).finish().try_init(),
    };
    Ok(started.context("the log")?)
}

/// Starts counting.
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
