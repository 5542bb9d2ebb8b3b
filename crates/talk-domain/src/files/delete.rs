//! Use case: delete a file.

use crate::files::model::File;
use crate::files::unit::FileUnit;
use crate::kernel::cleanup::Deleted;
use crate::kernel::context::Context;
use crate::kernel::error::refusals;
use crate::kernel::id::{AgentId, FileId};
use crate::kernel::store_error::StoreError;

refusals! {
    /// Refusals of [`delete_file`].
    pub enum DeleteFileError {
        NoSuchFile = NotFound "FILE_NOT_FOUND" "there is no such file",
        NotTheUploader = PermissionDenied "PERMISSION_DENIED"
            "only its uploader may delete a file",
        ..Store(StoreError),
    }
}

/// Deletes a file of the actor. From the commit on nobody can read it. Its bytes are removed after
/// the commit. Messages that carry it are marked later by a [cleanup](crate::kernel::cleanup).
///
/// # Errors
/// See [`DeleteFileError`].
pub fn delete_file(
    uow: &mut dyn FileUnit,
    cx: &Context,
    id: FileId,
) -> Result<File, DeleteFileError> {
    let file = uow.files().get(id)?.ok_or(DeleteFileError::NoSuchFile)?;
    if file.owner != cx.actor.agent {
        return Err(DeleteFileError::NotTheUploader);
    }
    discard(uow, &file, cx.actor.agent)?;
    Ok(file)
}

/// Deletes a file on behalf of the agent `by`, which is the actor of the events that follow.
///
/// # Errors
/// Only when storage fails.
pub(crate) fn discard(uow: &mut dyn FileUnit, file: &File, by: AgentId) -> Result<(), StoreError> {
    uow.files().delete(file)?;
    if !uow.files().carriers(file.id, 1)?.is_empty() {
        uow.cleanups().add(Deleted::File { id: file.id, by })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MockUnitOfWork, a_file, agent_id, context, message_id};

    /// FILE-10.
    #[test]
    fn the_messages_that_carry_a_deleted_file_are_left_to_a_cleanup() {
        for is_carried in [false, true] {
            let mut uow = MockUnitOfWork::default();
            uow.files.expect_get().returning(|_| Ok(Some(a_file(1))));
            let delete = uow.files.expect_delete().times(1);
            delete
                .withf(|file| *file == a_file(1))
                .returning(|_| Ok(()));
            let carriers = uow.files.expect_carriers();
            carriers.returning(move |_, _| Ok(vec![message_id(1); usize::from(is_carried)]));
            let by = agent_id(1);
            let cleanup = uow.cleanups.expect_add().times(usize::from(is_carried));
            cleanup
                .withf(move |deleted| {
                    *deleted
                        == Deleted::File {
                            id: a_file(1).id,
                            by,
                        }
                })
                .returning(|_| Ok(()));
            let deleted = delete_file(&mut uow, &context(by), a_file(1).id);
            assert_eq!(deleted.unwrap(), a_file(1));
        }
    }

    /// FILE-10.
    #[test]
    fn only_its_uploader_deletes_a_file() {
        let mut uow = MockUnitOfWork::default();
        uow.files.expect_get().returning(|_| Ok(Some(a_file(1))));
        let refused = delete_file(&mut uow, &context(agent_id(2)), a_file(1).id);
        assert!(matches!(refused, Err(DeleteFileError::NotTheUploader)));
        let mut uow = MockUnitOfWork::default();
        uow.files.expect_get().returning(|_| Ok(None));
        let refused = delete_file(&mut uow, &context(agent_id(1)), a_file(1).id);
        assert!(matches!(refused, Err(DeleteFileError::NoSuchFile)));
    }
}
