//! `backup` and `restore`: the database as one file, and the bytes of files beside it.

mod files;

use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};
use secrecy::ExposeSecret as _;
use serde_json::json;
use talk_store_diesel::{Backup, CopyError, OpenError, Restore, Step};
use time::OffsetDateTime;
use time::macros::format_description;

use crate::cli::RestoreCommand;
use crate::failure::Failure;
use crate::files::place;
use crate::installation;
use crate::output::print;
use crate::settings::{Settings, SettingsError};

/// Copies the database into the new file at `file`, and local files into a directory beside it,
/// whether a server runs or not.
pub(crate) fn backup(settings: &Settings, file: &Path, json: bool) -> Result<(), Failure> {
    installation::check_existing(settings)?;
    let url = settings.database_url();
    let (mut copies, files_in) = files::copied(place(settings), file);
    let bar = Bar::new();
    let progress = |step| bar.show(step);
    let made = talk_store_diesel::backup(url.expose_secret(), file, &mut *copies, &progress);
    bar.finish();
    let backup = made.map_err(refused)?;
    if json {
        let mut line = described(&backup, file);
        if let Some(fields) = line.as_object_mut() {
            fields.insert("files_in".to_owned(), json!(files_in));
        }
        return Ok(print(&format!("{line}\n"))?);
    }
    Ok(print(&format!("{}\n", lines(&backup, file, &files_in)))?)
}

/// Describes a backup to people.
fn lines(backup: &Backup, file: &Path, files_in: &str) -> String {
    let name = file.display();
    let checked = if backup.is_examined {
        "checked"
    } else {
        "the file is checked; what an older version stored is checked when it is restored"
    };
    let Backup {
        bytes,
        messages,
        events,
        files,
        file_bytes,
        lost_files,
        ..
    } = backup;
    let mut lines = vec![format!(
        "{name}: {bytes} bytes, {messages} messages, {events} events; {checked}"
    )];
    if *files > 0 {
        lines.push(format!("{files_in}: {files} files, {file_bytes} bytes"));
    }
    if *lost_files > 0 {
        lines.push(format!(
            "the bytes of {lost_files} of them are missing; `doctor` names them"
        ));
    }
    lines.join("\n")
}

/// Replaces the database with a backup, and brings back the files that it names.
pub(crate) fn restore(
    settings: &Settings,
    command: &RestoreCommand,
    json: bool,
) -> Result<(), Failure> {
    let file = &*command.file;
    let stamp = OffsetDateTime::now_utc()
        .format(format_description!(
            "[year][month][day]T[hour][minute][second]Z"
        ))
        .map_err(anyhow::Error::new)?;
    let restore = Restore {
        source: file,
        is_replacing: command.replace,
        is_without_files: command.without_files,
        stamp: &stamp,
    };
    let url = settings.database_url();
    let wanted = (&*stamp, command.without_files);
    let (mut copies, kept_files) = files::returned(place(settings), file, wanted)?;
    let bar = Bar::new();
    let progress = |step| bar.show(step);
    let url = url.expose_secret();
    let restored = talk_store_diesel::restore(url, restore, &mut *copies, &progress);
    bar.finish();
    let (backup, kept) = restored.map_err(|error| not_restored(error, file))?;
    let shown = |path: Option<PathBuf>| path.map(|path| path.display().to_string());
    let kept = shown(kept);
    let kept_files = shown(kept_files.filter(|path| path.exists()));
    if json {
        let line = json!({
            "restored": described(&backup, file),
            "kept": kept,
            "kept_files": kept_files,
        });
        return Ok(print(&format!("{line}\n"))?);
    }
    let Backup {
        messages,
        events,
        files,
        ..
    } = backup;
    let name = file.display();
    print(&format!(
        "restored {messages} messages, {events} events and {files} files from {name}\n"
    ))?;
    if let Some(kept) = kept {
        print(&format!("the database that was there is now {kept}\n"))?;
    }
    if let Some(kept) = kept_files {
        print(&format!(
            "the files that were there are now also in {kept}\n"
        ))?;
    }
    Ok(())
}

fn not_restored(error: CopyError, file: &Path) -> Failure {
    match error {
        CopyError::Exists(path) => {
            let reason = format!(
                "{} holds a database; --replace moves it aside",
                path.display()
            );
            SettingsError::new("database_url", reason).into()
        }
        CopyError::FilesMissing(_) => {
            let beside = talk_files::Archive::beside(file);
            let beside = beside.display();
            Failure::Usage(format!(
                "{error} in {beside}; --without-files restores without them"
            ))
        }
        error => refused(error),
    }
}

fn described(backup: &Backup, file: &Path) -> serde_json::Value {
    json!({
        "file": file.display().to_string(),
        "bytes": backup.bytes,
        "epoch": backup.epoch,
        "messages": backup.messages,
        "events": backup.events,
        "files": backup.files,
        "file_bytes": backup.file_bytes,
        "lost_files": backup.lost_files,
        "checked": backup.is_examined,
    })
}

pub(super) fn refused(error: CopyError) -> Failure {
    match error {
        CopyError::Open(
            error @ (OpenError::InUse | OpenError::BesideCommand | OpenError::Foreign(_)),
        ) => SettingsError::new("database_url", error.to_string()).into(),
        CopyError::Exists(_) => Failure::Usage(error.to_string()),
        error => anyhow::Error::new(error).into(),
    }
}

/// A progress bar of the copied bytes, shown on a terminal only.
pub(super) struct Bar(ProgressBar);

impl Bar {
    pub(super) fn new() -> Self {
        let style = ProgressStyle::with_template("{msg} [{bar:40}] {bytes} of {total_bytes}");
        let bar = ProgressBar::new(0).with_message("copying");
        if let Ok(style) = style {
            bar.set_style(style.progress_chars("=> "));
        }
        Self(bar)
    }

    pub(super) fn show(&self, step: Step) {
        match step {
            Step::Copying { bytes, total } => {
                self.0.set_length(total.max(bytes));
                self.0.set_position(bytes);
            }
            Step::Checking => {
                self.0.set_position(self.0.length().unwrap_or_default());
                self.0.set_message("checking");
            }
        }
    }

    pub(super) fn finish(&self) {
        self.0.finish_and_clear();
    }
}
