//! The limit of delivery: the same framed bytes, written to bare TCP connections.
//!
//! A connection begins with a byte. After `r` it receives, one frame at once and then those that
//! are sent; after `s` every byte it sends stands for one frame to each receiver.

use std::sync::Arc;

use anyhow::Result;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::frames::framed;

/// Delivers frames of `bytes` until it is killed, up to `at_once` of them in one write.
///
/// # Errors
/// If it cannot listen.
pub(crate) fn raw(bytes: usize, at_once: usize) -> Result<()> {
    let threads = std::thread::available_parallelism()?.get();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build()?;
    runtime.block_on(serve(bytes, at_once.max(1)))
}

async fn serve(bytes: usize, at_once: usize) -> Result<()> {
    let frame = framed(&vec![b'x'; bytes]);
    let frames: Arc<[u8]> = frame.repeat(at_once).into();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    super::announce(listener.local_addr()?);
    let (sent, _) = watch::channel(0_u64);
    let sent = Arc::new(sent);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let (frames, sent) = (Arc::clone(&frames), Arc::clone(&sent));
        // A connection that fails has ended.
        tokio::spawn(async move { connection(stream, &frames, frame_count(at_once), &sent).await });
    }
}

fn frame_count(at_once: usize) -> u64 {
    u64::try_from(at_once).unwrap_or(1)
}

async fn connection(
    mut stream: TcpStream,
    frames: &[u8],
    at_once: u64,
    sent: &watch::Sender<u64>,
) -> Result<()> {
    let mut news = sent.subscribe();
    let mut buffer = [0; 4096];
    if stream.read_u8().await? == b's' {
        loop {
            let more = stream.read(&mut buffer).await?;
            if more == 0 {
                return Ok(());
            }
            sent.send_modify(|sent| *sent += u64::try_from(more).unwrap_or(0));
        }
    }
    let each = frames.len() / usize::try_from(at_once)?;
    let mut written = *news.borrow_and_update();
    // Says that everything sent from now on is received.
    stream
        .write_all(frames.get(..each).unwrap_or(frames))
        .await?;
    loop {
        news.changed().await?;
        let sent = *news.borrow_and_update();
        while written < sent {
            let next = (sent - written).min(at_once);
            let bytes = each * usize::try_from(next)?;
            stream
                .write_all(frames.get(..bytes).unwrap_or(frames))
                .await?;
            written += next;
        }
    }
}
