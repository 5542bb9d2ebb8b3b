//! Use case: store the row of an uploaded file, whose bytes are durable.

use crate::files::filename;
use crate::files::model::{File, FileKind};
use crate::files::storage::Measured;
use crate::files::unit::FileUnit;
use crate::kernel::context::Context;
use crate::kernel::error::{Invalid, refusals};
use crate::kernel::id::FileId;
use crate::kernel::limits::Limits;
use crate::kernel::store_error::StoreError;
use crate::kernel::text::check_text;

/// The description of a file that its uploader sends beside the bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description {
    /// Its purpose.
    pub kind: FileKind,
    /// The name that people see; the name of the file if it is absent.
    pub name: Option<String>,
    /// Free text.
    pub detail: String,
    /// The name of the file, as sent.
    pub filename: String,
}

impl Description {
    /// Checks the lengths of its texts.
    ///
    /// # Errors
    /// Names the field that is too long.
    pub fn check(&self, limits: &Limits) -> Result<(), Invalid> {
        check_text(
            "name",
            self.name.as_deref().unwrap_or_default(),
            limits.name,
        )?;
        check_text("detail", &self.detail, limits.detail)?;
        check_text("filename", &filename::safe(&self.filename), limits.name)
    }
}

/// The command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateFile {
    /// The id under which the bytes are stored.
    pub id: FileId,
    /// The description.
    pub description: Description,
    /// The properties of the stored bytes.
    pub measured: Measured,
    /// Bytes that all files of the customer may have together; `None` for any number.
    pub quota: Option<u64>,
}

refusals! {
    /// Refusals of [`create_file`].
    pub enum CreateFileError {
        QuotaExceeded = FailedPrecondition "FILE_QUOTA_EXCEEDED"
            "the files of the customer would have more bytes than it may store",
        ..Invalid(Invalid),
        ..Store(StoreError),
    }
}

/// Stores the row of a file of the actor.
///
/// # Errors
/// See [`CreateFileError`].
pub fn create_file(
    uow: &mut dyn FileUnit,
    cx: &Context,
    command: &CreateFile,
) -> Result<File, CreateFileError> {
    command.description.check(&cx.limits)?;
    if let Some(quota) = command.quota
        && uow.files().used()?.saturating_add(command.measured.size) > quota
    {
        return Err(CreateFileError::QuotaExceeded);
    }
    let description = command.description.clone();
    let filename = filename::safe(&description.filename);
    let file = File {
        id: command.id,
        customer: cx.actor.customer,
        owner: cx.actor.agent,
        kind: description.kind,
        name: description.name.unwrap_or_else(|| filename.clone()),
        detail: description.detail,
        filename,
        size: command.measured.size,
        mime: command.measured.mime.clone(),
        sha256: command.measured.sha256,
        created: cx.now,
    };
    uow.files().insert(&file)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MockUnitOfWork, a_file, agent_id, context};

    fn command(name: Option<&str>, quota: Option<u64>) -> CreateFile {
        let file = a_file(1);
        CreateFile {
            id: file.id,
            description: Description {
                name: name.map(str::to_owned),
                filename: "dir/a.png".into(),
                ..Description::default()
            },
            measured: Measured {
                size: 10,
                sha256: file.sha256,
                mime: file.mime,
            },
            quota,
        }
    }

    fn create(command: &CreateFile, used: u64) -> Result<File, CreateFileError> {
        let mut uow = MockUnitOfWork::default();
        uow.files.expect_used().returning(move || Ok(used));
        uow.files.expect_insert().returning(|_| Ok(()));
        create_file(&mut uow, &context(agent_id(1)), command)
    }

    /// FILE-01: an upload belongs to the actor, and has the name of its file unless another one is
    /// given.
    #[test]
    fn a_file_belongs_to_its_uploader_and_has_a_safe_name() {
        let file = create(&command(None, None), 0).unwrap();
        assert_eq!(
            (file.owner, &*file.name, &*file.filename),
            (agent_id(1), "a.png", "a.png")
        );
        let file = create(&command(Some("Photo"), None), 0).unwrap();
        assert_eq!((&*file.name, &*file.filename), ("Photo", "a.png"));
    }

    /// FILE-04: exactly the quota may be stored.
    #[test]
    fn a_customer_stores_no_more_than_its_quota() {
        assert!(create(&command(None, Some(100)), 90).is_ok());
        let refused = create(&command(None, Some(100)), 91);
        assert!(matches!(refused, Err(CreateFileError::QuotaExceeded)));
        assert!(create(&command(None, None), u64::MAX).is_ok());
    }

    /// API-18.
    #[test]
    fn the_texts_of_an_upload_are_limited() {
        let long = "x".repeat(256);
        let refused = create(&command(Some(&long), None), 0).unwrap_err();
        assert!(matches!(refused, CreateFileError::Invalid(invalid) if invalid.field == "name"));
        let mut command = command(None, None);
        command.description.filename = format!("dir/{long}");
        let refused = create(&command, 0).unwrap_err();
        assert!(
            matches!(refused, CreateFileError::Invalid(invalid) if invalid.field == "filename")
        );
    }
}
