//! `backup` and `restore`: the database as one file.

use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};
use secrecy::ExposeSecret as _;
use serde_json::json;
use talk_files::FilesUrl;
use talk_store_diesel::{Backup, CopyError, OpenError, Restore, Step};
use time::OffsetDateTime;
use time::macros::format_description;

use crate::failure::Failure;
use crate::files;
use crate::installation;
use crate::output::print;
use crate::settings::{Settings, SettingsError};

/// Copies the database into the new file at `file`, whether a server runs or not.
pub(crate) fn backup(settings: &Settings, file: &Path, json: bool) -> Result<(), Failure> {
    installation::check_existing(settings)?;
    let url = settings.database_url();
    let bar = Bar::new();
    let copied = talk_store_diesel::backup(url.expose_secret(), file, &|step| bar.show(step));
    bar.finish();
    let backup = copied.map_err(refused)?;
    let name = file.display();
    if json {
        return Ok(print(&format!("{}\n", described(&backup, file)))?);
    }
    let checked = if backup.is_examined {
        "checked"
    } else {
        "the file is checked; what an older version stored is checked when it is restored"
    };
    let files = match files::place(settings) {
        FilesUrl::Local(directory) => {
            let directory = directory.display();
            format!("uploaded files are not in it: copy {directory} too")
        }
        FilesUrl::S3 { .. } => "uploaded files are not in it but in their bucket".to_owned(),
    };
    let Backup {
        bytes,
        messages,
        events,
        ..
    } = backup;
    Ok(print(&format!(
        "{name}: {bytes} bytes, {messages} messages, {events} events; {checked}; {files}\n"
    ))?)
}

/// Replaces the database with the backup at `file`.
pub(crate) fn restore(
    settings: &Settings,
    (file, is_replacing): (&Path, bool),
    json: bool,
) -> Result<(), Failure> {
    let stamp = OffsetDateTime::now_utc()
        .format(format_description!(
            "[year][month][day]T[hour][minute][second]Z"
        ))
        .map_err(anyhow::Error::new)?;
    let restore = Restore {
        source: file,
        is_replacing,
        stamp: &stamp,
    };
    let url = settings.database_url();
    let bar = Bar::new();
    let restored = talk_store_diesel::restore(url.expose_secret(), restore, &|step| bar.show(step));
    bar.finish();
    let (backup, kept) = restored.map_err(|error| match error {
        CopyError::Exists(path) => {
            let reason = format!(
                "{} holds a database; --replace moves it aside",
                path.display()
            );
            SettingsError::new("database_url", reason).into()
        }
        error => refused(error),
    })?;
    if json {
        let kept = kept.map(|kept| kept.display().to_string());
        let line = json!({ "restored": described(&backup, file), "kept": kept });
        return Ok(print(&format!("{line}\n"))?);
    }
    let Backup {
        messages, events, ..
    } = backup;
    let name = file.display();
    print(&format!(
        "restored {messages} messages and {events} events from {name}\n"
    ))?;
    if let Some(kept) = kept {
        let kept = kept.display();
        print(&format!("the database that was there is now {kept}\n"))?;
    }
    Ok(())
}

fn described(backup: &Backup, file: &Path) -> serde_json::Value {
    json!({
        "file": file.display().to_string(),
        "bytes": backup.bytes,
        "epoch": backup.epoch,
        "messages": backup.messages,
        "events": backup.events,
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
