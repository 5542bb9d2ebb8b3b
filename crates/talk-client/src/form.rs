//! A local file as a form, read while it is sent.

use std::io;
use std::path::Path;

use futures_util::stream;
use reqwest::Body;
use reqwest::multipart::{Form, Part};
use tokio::fs::File;
use tokio::io::AsyncReadExt as _;

use crate::api::{Progress, Upload};

/// Bytes that are read at once.
const CHUNK: usize = 64 * 1024;

/// Opens the file and puts it into a form.
pub(crate) async fn of(upload: &Upload) -> io::Result<Form> {
    let file = File::open(&upload.path).await?;
    let metadata = file.metadata().await?;
    if !metadata.is_file() {
        return Err(io::Error::other("only regular files are uploaded"));
    }
    let body = Body::wrap_stream(chunks(file, upload.progress.clone()));
    let part = Part::stream_with_length(body, metadata.len()).file_name(name(&upload.path));
    let mut form = Form::new();
    // Texts come before the bytes, so that wrong ones are refused before the bytes are sent.
    if let Some(name) = &upload.name {
        form = form.text("name", name.clone());
    }
    if let Some(detail) = &upload.detail {
        form = form.text("detail", detail.clone());
    }
    Ok(form.part("file", part))
}

fn name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// Reads a file in chunks and reports the number of bytes so far.
fn chunks(
    file: File,
    progress: Option<Progress>,
) -> impl futures_util::Stream<Item = io::Result<Vec<u8>>> + Send {
    let state = (file, progress, 0_u64);
    stream::try_unfold(state, async |(mut file, progress, done)| {
        let mut chunk = vec![0; CHUNK];
        let length = file.read(&mut chunk).await?;
        chunk.truncate(length);
        let done = done + length as u64;
        if let Some(progress) = &progress {
            progress(done);
        }
        Ok((length > 0).then_some((chunk, (file, progress, done))))
    })
}
