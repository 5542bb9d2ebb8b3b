//! Opens a bucket of an S3-compatible service.

use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::{BackoffConfig, ClientOptions, RetryConfig};
use secrecy::ExposeSecret as _;

use crate::location::S3Options;

/// Time in which a connection must be made.
const CONNECT: Duration = Duration::from_secs(5);

/// Time in which the service must answer a request, or send the next bytes. There is no limit for a
/// whole download, which is as slow as its client.
const SILENCE: Duration = Duration::from_secs(30);

/// Time after which a failed request is not repeated.
const RETRIES_END: Duration = Duration::from_secs(10);

/// Opens a bucket. Does not connect.
pub(crate) fn open(bucket: &str, options: &S3Options) -> object_store::Result<AmazonS3> {
    let mut builder = AmazonS3Builder::from_env()
        .with_bucket_name(bucket)
        .with_retry(retries())
        // Some compatible services can delete only one object per request.
        .with_disable_bulk_delete(true);
    let mut client = ClientOptions::new()
        .with_timeout_disabled()
        .with_connect_timeout(CONNECT)
        .with_read_timeout(SILENCE);
    if let Some(endpoint) = &options.endpoint {
        client = client.with_allow_http(endpoint.starts_with("http://"));
        builder = builder.with_endpoint(endpoint);
    }
    if let Some(region) = &options.region {
        builder = builder.with_region(region);
    }
    if let Some(key) = &options.access_key {
        builder = builder.with_access_key_id(key);
    }
    if let Some(secret) = &options.secret_key {
        builder = builder.with_secret_access_key(secret.expose_secret());
    }
    builder.with_client_options(client).build()
}

/// Few and short retries: the client of an upload waits for them.
fn retries() -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig {
            init_backoff: Duration::from_millis(100),
            max_backoff: Duration::from_secs(2),
            base: 2.0,
        },
        max_retries: 3,
        retry_timeout: RETRIES_END,
    }
}
