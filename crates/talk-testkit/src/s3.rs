//! An S3-compatible service in this process, which verifies the signature of every request.

#![allow(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    reason = "a test that cannot go on has failed, and panics"
)]

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s_fs::FileSystem;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

/// The bucket that exists.
pub const BUCKET: &str = "files";
/// The id of the only access key.
pub const ACCESS_KEY: &str = "AKIATESTTESTTESTTEST";
/// The secret of that access key.
pub const SECRET_KEY: &str = "the-secret-of-the-access-key";

/// A service with one empty bucket. Its objects are files in a directory of their own.
pub struct S3Server {
    directory: TempDir,
    service: S3Service,
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl S3Server {
    /// Starts it on a free port.
    pub async fn start() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        std::fs::create_dir(directory.path().join(BUCKET)).expect("a bucket");
        let system = FileSystem::new(directory.path()).expect("a storage");
        let mut builder = S3ServiceBuilder::new(system);
        builder.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
        let service = builder.build();
        let listener = listen(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await;
        Self {
            directory,
            address: listener.local_addr().expect("an address"),
            accepting: tokio::spawn(accept(listener, service.clone())),
            service,
        }
    }

    /// Returns its address, for clients.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the settings of a server that stores its files here, as environment variables.
    pub fn settings(&self) -> [(&'static str, String); 5] {
        [
            ("TALK_FILES_URL", format!("s3://{BUCKET}/talk")),
            ("TALK_FILES_S3_ENDPOINT", self.endpoint()),
            ("TALK_FILES_S3_REGION", "us-east-1".to_owned()),
            ("TALK_FILES_S3_ACCESS_KEY", ACCESS_KEY.to_owned()),
            ("TALK_FILES_S3_SECRET_KEY", SECRET_KEY.to_owned()),
        ]
    }

    /// Closes its port and all connections.
    pub async fn stop(&mut self) {
        self.accepting.abort();
        // It was cancelled, which is no failure.
        drop((&mut self.accepting).await);
    }

    /// Serves the same objects at the same address again.
    pub async fn start_again(&mut self) {
        let listener = listen(self.address).await;
        self.accepting = tokio::spawn(accept(listener, self.service.clone()));
    }

    /// Returns the names of the parts of uploads that are neither completed nor aborted.
    pub fn parts(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.directory.path()).expect("entries");
        let names = entries.map(|entry| entry.expect("an entry").file_name());
        names
            .filter_map(|name| name.into_string().ok())
            .filter(|name| name.starts_with(".upload"))
            .collect()
    }

    /// Returns the paths of all objects.
    pub fn objects(&self) -> Vec<PathBuf> {
        fn below(directory: PathBuf, found: &mut Vec<PathBuf>) {
            for entry in std::fs::read_dir(directory).expect("entries") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    below(path, found);
                } else {
                    found.push(path);
                }
            }
        }
        let mut found = Vec::new();
        below(self.directory.path().join(BUCKET), &mut found);
        found
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn listen(address: SocketAddr) -> TcpListener {
    TcpListener::bind(address).await.expect("a port")
}

/// Serves connections until it is aborted, which ends them too.
async fn accept(listener: TcpListener, service: S3Service) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((socket, _)) = listener.accept().await else {
            continue;
        };
        let service = service.clone();
        connections.spawn(async move {
            let builder = Builder::new(TokioExecutor::new());
            // A connection that breaks concerns its client only.
            drop(
                builder
                    .serve_connection(TokioIo::new(socket), service)
                    .await,
            );
        });
        while connections.try_join_next().is_some() {}
    }
}
