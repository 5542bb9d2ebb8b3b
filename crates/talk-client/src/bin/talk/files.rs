//! `talk upload`, `talk download` and `talk send --file`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use talk_client::resource::{File, Media};
use talk_client::{Client, Draft};
use tokio::fs::OpenOptions;

use crate::Usage;
use crate::output::{Output, printable};

#[derive(Args)]
pub(crate) struct Upload {
    /// The file.
    file: PathBuf,
    /// The name that people see; the name of the file by default.
    #[arg(long)]
    name: Option<String>,
    /// A free text.
    #[arg(long)]
    detail: Option<String>,
}

#[derive(Args)]
pub(crate) struct Download {
    /// The file.
    id: String,
    /// Save it here; under its own name in this directory by default.
    #[arg(long, short)]
    output: Option<PathBuf>,
}

pub(crate) async fn upload(client: &Client, upload: Upload, out: Output) -> anyhow::Result<()> {
    let mut sent = talk_client::Upload::of(&upload.file);
    if let Some(name) = upload.name {
        sent = sent.name(name);
    }
    if let Some(detail) = upload.detail {
        sent = sent.detail(detail);
    }
    let file = uploaded(client, &upload.file, sent).await?;
    Ok(out.print(&file, &file.id)?)
}

/// Posts a message with files, which are uploaded before.
pub(crate) async fn send(
    client: &Client,
    (chat, text, files): (String, String, Vec<PathBuf>),
    out: Output,
) -> anyhow::Result<()> {
    let mut draft = Draft::text(text);
    for media in stored(client, files).await? {
        draft = draft.media(media);
    }
    out.posted(client.post(&chat, draft).await)
}

/// Uploads files, and returns the medias with which a message carries them.
pub(crate) async fn stored(client: &Client, files: Vec<PathBuf>) -> anyhow::Result<Vec<Media>> {
    let mut medias = Vec::new();
    for path in files {
        let file = uploaded(client, &path, talk_client::Upload::of(&path)).await?;
        medias.push(Media {
            kind: "file".to_owned(),
            file_id: Some(file.id),
            ..Media::default()
        });
    }
    Ok(medias)
}

async fn uploaded(
    client: &Client,
    path: &Path,
    upload: talk_client::Upload,
) -> anyhow::Result<File> {
    let size = fs::metadata(path).map(|metadata| metadata.len());
    let bar = bar(size.with_context(|| path.display().to_string())?, path);
    let moving = bar.clone();
    let upload = upload.on_progress(move |done| moving.set_position(done));
    let sent = client.upload(upload).await;
    bar.finish_and_clear();
    sent.with_context(|| path.display().to_string())
}

/// Saves the bytes beside the wanted file, and renames them when they are complete. No existing file
/// is replaced.
pub(crate) async fn download(client: &Client, wanted: Download, out: Output) -> anyhow::Result<()> {
    let file = client.file(&wanted.id).await?;
    let path = wanted.output.unwrap_or_else(|| local(&file).into());
    let name = path.display().to_string();
    if path.exists() {
        return Err(Usage(format!("{name} exists already: name another with --output")).into());
    }
    let mut part = path.clone().into_os_string();
    part.push(".part");
    let part = PathBuf::from(part);
    let options = OpenOptions::new().write(true).create_new(true).clone();
    let mut sink = options.open(&part).await;
    let sink = sink
        .as_mut()
        .map_err(|error| anyhow!("{}: {error}", part.display()))?;
    let bar = bar(file.filesize, &path);
    let moving = bar.clone();
    let saved = client.download(&file.id, sink, move |done| moving.set_position(done));
    let saved = saved.await;
    bar.finish_and_clear();
    let saved = saved.map_err(anyhow::Error::from).and_then(|size| {
        if size != file.filesize {
            return Err(anyhow!("{size} of {} bytes came", file.filesize));
        }
        // Fails if the file was created meanwhile.
        fs::File::create_new(&path)?;
        Ok(fs::rename(&part, &path)?)
    });
    if let Err(error) = saved {
        fs::remove_file(&part).with_context(|| part.display().to_string())?;
        return Err(error.context(name));
    }
    Ok(out.print(&file, &printable(&name))?)
}

/// Returns the name to save a file under: no path, and not hidden.
fn local(file: &File) -> String {
    let last = file.filename.rsplit(['/', '\\']).next();
    let name = printable(last.unwrap_or_default());
    match name.trim_start_matches('.').trim() {
        "" => file.id.clone(),
        name => name.to_owned(),
    }
}

/// A progress bar on the error output; none if that is no terminal.
fn bar(size: u64, path: &Path) -> ProgressBar {
    let bar = ProgressBar::new(size);
    let template = "{msg} [{wide_bar}] {bytes}/{total_bytes} {bytes_per_sec} {eta}";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("=> "));
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    bar.with_message(printable(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(filename: &str) -> File {
        File {
            id: "the-id".to_owned(),
            filename: filename.to_owned(),
            ..serde_json::from_value(serde_json::json!({
                "id": "", "customer_id": "", "owner_type": "agent", "owner_id": "",
                "reference_type": "", "reference_id": "", "type": "talk", "name": "", "detail": "",
                "filename": "", "filesize": 0, "uri_download": "", "tm_download_expire": "",
                "tm_create": "", "tm_update": "", "tm_delete": "", "mime": "", "sha256": "",
            }))
            .unwrap()
        }
    }

    #[test]
    fn a_file_is_saved_in_this_directory_and_is_not_hidden() {
        for (filename, expected) in [
            ("report.pdf", "report.pdf"),
            ("../../etc/passwd", "passwd"),
            ("..\\x", "x"),
            (".bashrc", "bashrc"),
            ("a\u{1b}[2Jb", "a [2Jb"),
            ("..", "the-id"),
            ("", "the-id"),
        ] {
            assert_eq!(local(&named(filename)), expected, "{filename:?}");
        }
    }
}
