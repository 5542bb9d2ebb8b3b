//! Use cases: read a file, as an agent or through a signed link.

use crate::files::model::File;
use crate::files::unit::{FileSnapshot, FileUnit};
use crate::kernel::context::Actor;
use crate::kernel::error::refusals;
use crate::kernel::id::FileId;
use crate::kernel::store_error::StoreError;

refusals! {
    /// Refusals of [`show_file`]. A file of another customer is refused like one that does not exist.
    pub enum ShowFileError {
        NoSuchFile = NotFound "FILE_NOT_FOUND" "there is no such file",
        NotAReader = PermissionDenied "PERMISSION_DENIED"
            "only its uploader and those who were sent it may read a file",
        ..Store(StoreError),
    }
}

/// Reads a file as its uploader, or as a reader of a chat or a conversation in which a message carries it.
/// Admins and managers read all conversations.
///
/// # Errors
/// See [`ShowFileError`].
pub fn show_file(
    snapshot: &mut dyn FileSnapshot,
    actor: Actor,
    id: FileId,
) -> Result<File, ShowFileError> {
    let file = snapshot.files().get(id)?.ok_or(ShowFileError::NoSuchFile)?;
    if file.owner == actor.agent || snapshot.files().is_shared_with(id, actor.agent)? {
        return Ok(file);
    }
    if actor.permission.administers() && snapshot.files().is_outside(id)? {
        return Ok(file);
    }
    Err(ShowFileError::NotAReader)
}

/// Reads a file through a signed link, whose signature and time were checked. The customer of the
/// snapshot is the one in the link.
///
/// # Errors
/// `FILE_NOT_FOUND`, also if the customer is deleted.
pub fn show_linked_file(
    snapshot: &mut dyn FileSnapshot,
    id: FileId,
) -> Result<File, ShowFileError> {
    let file = snapshot.files().get(id)?.ok_or(ShowFileError::NoSuchFile)?;
    let customer = snapshot.directory().customer(file.customer)?;
    customer.map(|_| file).ok_or(ShowFileError::NoSuchFile)
}

/// Finds a file that the actor may read, to attach it to a message. `None` if it does not exist or
/// may not be read.
///
/// # Errors
/// Only when storage fails.
pub fn readable_file(
    uow: &mut dyn FileUnit,
    actor: Actor,
    id: FileId,
) -> Result<Option<File>, StoreError> {
    let Some(file) = uow.files().get(id)? else {
        return Ok(None);
    };
    let is_readable = file.owner == actor.agent
        || uow.files().is_shared_with(id, actor.agent)?
        || (actor.permission.administers() && uow.files().is_outside(id)?);
    Ok(is_readable.then_some(file))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::customer::Customer;
    use crate::kernel::context::Permission;
    use crate::testing::{MockSnapshot, MockUnitOfWork, a_file, actor, agent_id, at, customer_id};

    fn snapshot(is_there: bool, is_shared: bool) -> MockSnapshot {
        let mut snapshot = MockSnapshot::default();
        let get = snapshot.files.expect_get();
        get.returning(move |_| Ok(is_there.then(|| a_file(1))));
        let shared = snapshot.files.expect_is_shared_with();
        shared.returning(move |_, _| Ok(is_shared));
        snapshot
    }

    /// FILE-05.
    #[test]
    fn a_file_is_read_by_its_uploader_and_by_those_who_were_sent_it() {
        let id = a_file(1).id;
        let show = |agent, is_there, is_shared| {
            show_file(
                &mut snapshot(is_there, is_shared),
                actor(agent_id(agent)),
                id,
            )
        };
        assert_eq!(show(1, true, false).unwrap(), a_file(1));
        assert_eq!(show(2, true, true).unwrap(), a_file(1));
        assert!(matches!(
            show(2, true, false),
            Err(ShowFileError::NotAReader)
        ));
        assert!(matches!(
            show(1, false, true),
            Err(ShowFileError::NoSuchFile)
        ));
    }

    /// FILE-05 and CONV-71: admins and managers read the files of conversations with people outside, and
    /// no other files.
    #[test]
    fn admins_read_files_of_conversations() {
        for (permission, is_outside, is_readable) in [
            (Permission::Admin, true, true),
            (Permission::Manager, true, true),
            (Permission::Admin, false, false),
            (Permission::Agent, true, false),
        ] {
            let actor = Actor {
                permission,
                ..actor(agent_id(2))
            };
            let mut snapshot = snapshot(true, false);
            let outside = snapshot.files.expect_is_outside();
            outside.returning(move |_| Ok(is_outside));
            let shown = show_file(&mut snapshot, actor, a_file(1).id);
            assert_eq!(shown.is_ok(), is_readable, "{permission:?} {is_outside}");
            let mut uow = MockUnitOfWork::default();
            uow.files.expect_get().returning(|_| Ok(Some(a_file(1))));
            let shared = uow.files.expect_is_shared_with();
            shared.returning(|_, _| Ok(false));
            let outside = uow.files.expect_is_outside();
            outside.returning(move |_| Ok(is_outside));
            let found = readable_file(&mut uow, actor, a_file(1).id).unwrap();
            assert_eq!(found.is_some(), is_readable, "{permission:?} {is_outside}");
        }
    }

    /// FILE-09.
    #[test]
    fn a_link_to_a_file_of_a_deleted_customer_is_refused() {
        for is_there in [true, false] {
            let mut snapshot = snapshot(true, false);
            let customer = snapshot.directory.expect_customer();
            customer.returning(move |id| {
                Ok(is_there.then(|| Customer::new(id, "acme", at(0)).unwrap()))
            });
            let shown = show_linked_file(&mut snapshot, a_file(1).id);
            assert_eq!(shown.is_ok(), is_there);
            assert_eq!(a_file(1).customer, customer_id());
        }
    }

    /// FILE-05: the same rule holds for attaching.
    #[test]
    fn only_a_readable_file_can_be_attached() {
        for (agent, is_shared, is_readable) in
            [(1, false, true), (2, true, true), (2, false, false)]
        {
            let mut uow = MockUnitOfWork::default();
            uow.files.expect_get().returning(|_| Ok(Some(a_file(1))));
            uow.files
                .expect_is_shared_with()
                .returning(move |_, _| Ok(is_shared));
            let found = readable_file(&mut uow, actor(agent_id(agent)), a_file(1).id).unwrap();
            assert_eq!(found.is_some(), is_readable, "{agent}");
        }
        let mut uow = MockUnitOfWork::default();
        uow.files.expect_get().returning(|_| Ok(None));
        let found = readable_file(&mut uow, actor(agent_id(1)), a_file(1).id).unwrap();
        assert_eq!(found, None);
    }
}
