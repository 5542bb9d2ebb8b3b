//! The limit of uploads and downloads: the same framework writes bodies to files and reads them back.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use actix_web::error::{Error, ErrorInternalServerError, ErrorNotFound};
use actix_web::web::Bytes;
use actix_web::{App, HttpResponse, HttpServer, web};
use anyhow::Result;
use futures_util::{StreamExt as _, stream};

/// Bytes that are written or read at once.
const CHUNK: usize = 256 * 1024;

/// Stores and sends files in `directory` until it is killed.
///
/// # Errors
/// If it cannot listen.
pub(crate) fn files(directory: PathBuf) -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    super::announce(listener.local_addr()?);
    let directory = web::Data::new(directory);
    let server = move || {
        App::new()
            .app_data(web::Data::clone(&directory))
            .route("/{name}", web::post().to(store))
            .route("/{name}", web::get().to(send))
    };
    let workers = std::thread::available_parallelism()?.get();
    let server = HttpServer::new(server)
        .workers(workers)
        .tcp_nodelay(true)
        .listen(listener)?
        .run();
    Ok(actix_web::rt::System::new().block_on(server)?)
}

fn path(directory: &Path, name: u32) -> PathBuf {
    directory.join(name.to_string())
}

/// Runs a call that waits for the disk, outside the threads of connections.
async fn blocking<T: Send + 'static>(
    call: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, Error> {
    web::block(call).await?.map_err(ErrorInternalServerError)
}

/// Writes the body to a file, and answers when it is durable.
async fn store(
    directory: web::Data<PathBuf>,
    name: web::Path<u32>,
    mut body: web::Payload,
) -> Result<HttpResponse, Error> {
    let path = path(&directory, name.into_inner());
    let mut file = blocking(|| File::create(path)).await?;
    let mut part = Vec::with_capacity(CHUNK);
    while let Some(chunk) = body.next().await {
        part.extend_from_slice(&chunk?);
        if part.len() >= CHUNK {
            (file, part) = blocking(|| write(file, part)).await?;
        }
    }
    let (file, _) = blocking(|| write(file, part)).await?;
    blocking(move || file.sync_all()).await?;
    Ok(HttpResponse::Ok().finish())
}

/// Writes a part, and empties its buffer for the next one.
fn write(mut file: File, mut part: Vec<u8>) -> std::io::Result<(File, Vec<u8>)> {
    file.write_all(&part)?;
    part.clear();
    Ok((file, part))
}

/// Sends a file.
async fn send(directory: web::Data<PathBuf>, name: web::Path<u32>) -> Result<HttpResponse, Error> {
    let path = path(&directory, name.into_inner());
    let file = web::block(|| File::open(path))
        .await?
        .map_err(ErrorNotFound)?;
    let size = file.metadata()?.len();
    let chunks = stream::try_unfold(file, async |file| {
        let (file, chunk) = blocking(|| read(file)).await?;
        Ok::<_, Error>((!chunk.is_empty()).then_some((chunk, file)))
    });
    Ok(HttpResponse::Ok()
        .no_chunking(size)
        .streaming(Box::pin(chunks)))
}

/// Reads the next bytes.
fn read(mut file: File) -> std::io::Result<(File, Bytes)> {
    let mut chunk = vec![0; CHUNK];
    let length = file.read(&mut chunk)?;
    chunk.truncate(length);
    Ok((file, chunk.into()))
}
