//! Uploads and downloads of large files, ten at a time.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tokio::io::AsyncReadExt as _;
use tokio::task::JoinSet;

use super::Bench;
use crate::connection::{Connection, get};
use crate::limit::Limit;
use crate::report::{Better, Figure};
use crate::server::{GROUP, Server};
use crate::world::World;

/// Files that are sent at the same time.
const PARALLEL: usize = 10;

/// Bytes of a file.
const BYTES: usize = 30 * 1024 * 1024;

/// MiB of all files together.
const ALL: f64 = 300.0;

/// Resident MiB by which the server may grow.
const GROWTH: f64 = 16.0;

/// How long a server is left alone before its memory is read.
const SETTLED: Duration = Duration::from_secs(2);

/// Interval between two readings of the memory.
const READING: Duration = Duration::from_millis(5);

/// The path of the service.
const FILES: &str = "/v1.0/service_agents/files";

/// Ends the form.
const END: &[u8] = b"\r\n--bench-boundary--\r\n";

/// MiB per second of ten uploads and of ten downloads, beside a bare handler that writes and reads
/// the same bytes on the same disk, and how much memory the server needs for them.
pub(super) async fn files(bench: &Bench) -> Result<Vec<Figure>> {
    let world = World::temporary(&bench.data, PARALLEL, PARALLEL).await?;
    let server = Server::start(&bench.server, &world, GROUP)?;
    let bare = bare(world.dir()).await?;
    tokio::time::sleep(SETTLED).await;
    let bytes: Arc<[u8]> = (0..BYTES)
        .map(|n| n.to_le_bytes()[0] ^ n.to_le_bytes()[1])
        .collect();
    let before = server.resident_kib()?;
    let mut peak = before;

    let tokens: Vec<_> = (0..PARALLEL)
        .map(|n| world.token(n))
        .collect::<Result<_>>()?;
    let forms = tokens.iter().map(|token| (form(token), END));
    let uploads = uploads(&server.address, forms, &bytes);
    let (ours, answers) = watched(&server, &mut peak, uploads).await?;
    let bodies = (0..PARALLEL).map(|n| (body(n), &[][..]));
    let (limit, _) = self::uploads(&bare.address, bodies, &bytes).await?;
    let up = (ours, limit);

    let paths: Vec<_> = answers
        .iter()
        .map(|answer| path(answer))
        .collect::<Result<_>>()?;
    let wanted = paths
        .iter()
        .zip(&tokens)
        .map(|(path, token)| get(path, token));
    let downloads = downloads(&server.address, wanted, &bytes);
    let (ours, ()) = watched(&server, &mut peak, downloads).await?;
    let wanted = (0..PARALLEL).map(|n| get(&format!("/{n}"), ""));
    let (limit, ()) = self::downloads(&bare.address, wanted, &bytes).await?;
    let down = (ours, limit);
    server.stop()?;
    bare.stop().await?;
    let speed = |name, what, (ours, limit)| Figure {
        name,
        what,
        ours,
        limit_is: "bare actix to the same disk",
        limit,
        better: Better::More,
    };
    let memory = ("files-memory", "MiB resident more than idle, meanwhile");
    Ok(vec![
        speed("files-up", "MiB/s, 10 uploads of 30 MiB", up),
        speed("files-down", "MiB/s, 10 downloads of 30 MiB", down),
        Figure::at_most(memory, (peak - before) / 1024.0, ("MiB", GROWTH)),
    ])
}

/// Starts the bare handler.
async fn bare(directory: &Path) -> Result<Limit> {
    let directory = directory.join("bare");
    std::fs::create_dir(&directory)?;
    let directory = directory.to_str().context("a path that is no text")?;
    Limit::start(&["limit-files", "--directory", directory]).await
}

/// The beginning of an upload of one file.
fn form(token: &str) -> Vec<u8> {
    let part = "--bench-boundary\r\nContent-Disposition: form-data; name=\"file\"; \
                filename=\"bench\"\r\nContent-Type: application/octet-stream\r\n\r\n";
    let length = part.len() + BYTES + END.len();
    format!(
        "POST {FILES} HTTP/1.1\r\nHost: talk\r\nAuthorization: Bearer {token}\r\nContent-Type: \
         multipart/form-data; boundary=bench-boundary\r\nContent-Length: {length}\r\n\r\n{part}"
    )
    .into_bytes()
}

/// The beginning of an upload of the `n`th file to the bare handler.
fn body(n: usize) -> Vec<u8> {
    format!("POST /{n} HTTP/1.1\r\nHost: bare\r\nContent-Length: {BYTES}\r\n\r\n").into_bytes()
}

/// The path of the bytes of an uploaded file.
fn path(answer: &[u8]) -> Result<String> {
    let file: serde_json::Value = serde_json::from_slice(answer)?;
    let id = file.get("id").and_then(|id| id.as_str());
    Ok(format!("{FILES}/{}/file", id.context("no id")?))
}

/// MiB per second of everything that was sent since `started`.
fn speed(started: Instant) -> f64 {
    ALL / started.elapsed().as_secs_f64()
}

/// Sends the same bytes in several requests at the same time, each between its beginning and its
/// end. Returns MiB per second, and the answers in the order of the requests.
async fn uploads(
    address: &str,
    requests: impl Iterator<Item = (Vec<u8>, &'static [u8])>,
    bytes: &Arc<[u8]>,
) -> Result<(f64, Vec<Vec<u8>>)> {
    let mut sending = JoinSet::new();
    let started = Instant::now();
    for (number, (head, end)) in requests.enumerate() {
        let (bytes, mut connection) = (Arc::clone(bytes), Connection::open(address).await?);
        sending.spawn(async move {
            connection.send(&head).await?;
            connection.send(&bytes).await?;
            let answer = connection.exchange(end).await?.to_vec();
            Ok::<_, anyhow::Error>((number, answer))
        });
    }
    let answers = sending.join_all().await;
    let speed = speed(started);
    let mut answers: Vec<_> = answers.into_iter().collect::<Result<_>>()?;
    answers.sort_unstable_by_key(|(number, _)| *number);
    let answers = answers.into_iter().map(|(_, answer)| answer).collect();
    Ok((speed, answers))
}

/// Sends several requests at the same time, each of which must be answered with these bytes. Returns
/// MiB per second.
async fn downloads(
    address: &str,
    requests: impl Iterator<Item = Vec<u8>>,
    bytes: &Arc<[u8]>,
) -> Result<(f64, ())> {
    let mut receiving = JoinSet::new();
    let started = Instant::now();
    for request in requests {
        let (bytes, connection) = (Arc::clone(bytes), Connection::open(address).await?);
        receiving.spawn(async move { receive(connection, &request, &bytes).await });
    }
    let received: Result<Vec<()>> = receiving.join_all().await.into_iter().collect();
    received?;
    Ok((speed(started), ()))
}

/// Sends a request and compares the body of the answer with `expected` while it arrives.
async fn receive(mut connection: Connection, request: &[u8], expected: &[u8]) -> Result<()> {
    connection.send(request).await?;
    let mut stream = connection.into_stream();
    let mut buffer = Vec::with_capacity(256 * 1024);
    let head = loop {
        ensure!(
            stream.read_buf(&mut buffer).await? > 0,
            "the server hung up"
        );
        if let Some(end) = memchr::memmem::find(&buffer, b"\r\n\r\n") {
            break end + 4;
        }
    };
    let is_sent = buffer.starts_with(b"HTTP/1.1 200");
    ensure!(is_sent, "refused: {}", String::from_utf8_lossy(&buffer));
    let mut rest = expected;
    let mut received = head;
    loop {
        let chunk = buffer.get(received..).context("a short answer")?;
        rest = rest.strip_prefix(chunk).context("other bytes came back")?;
        if rest.is_empty() {
            return Ok(());
        }
        buffer.clear();
        received = 0;
        ensure!(
            stream.read_buf(&mut buffer).await? > 0,
            "the server hung up"
        );
    }
}

/// Runs `work` and raises `peak` to the resident KiB of the server meanwhile.
async fn watched<T>(
    server: &Server,
    peak: &mut f64,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    tokio::pin!(work);
    let mut readings = tokio::time::interval(READING);
    loop {
        tokio::select! {
            done = &mut work => return done,
            _ = readings.tick() => *peak = peak.max(server.resident_kib()?),
        }
    }
}
