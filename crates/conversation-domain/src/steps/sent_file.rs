//! Steps: a file that comes with a message of a person outside.

use talk_domain::files::model::StoredFile;
use talk_domain::files::outside::from_outside;
use talk_domain::kernel::error::{Invalid, refusals};
use talk_domain::kernel::id::ConversationId;
use talk_domain::kernel::store_error::StoreError;

use crate::model::media::{FileRoom, SentFile};
use crate::model::message::Message;
use crate::unit::ConversationUnit;

/// The most files of a person outside in a conversation.
const MAX_FILES: u32 = 1_000;

refusals! {
    /// Refusals of a file.
    pub enum FileError {
        QuotaExceeded = FailedPrecondition "FILE_QUOTA_EXCEEDED"
            "the files of the customer would have more bytes than it may store",
        ..Invalid(Invalid),
        ..Store(StoreError),
    }
}

/// Checks that the files of people outside leave room for one more in a locked conversation.
pub(crate) fn check_room(
    uow: &mut dyn ConversationUnit,
    conversation: ConversationId,
    file: &SentFile,
) -> Result<(), FileError> {
    let FileRoom {
        of_person,
        of_customer,
    } = file.room;
    let received = uow.files().received_in(conversation, MAX_FILES)?;
    if received.len() >= MAX_FILES as usize {
        return Err(full(MAX_FILES.into(), "files").into());
    }
    let bytes = received.iter().sum::<u64>();
    if bytes.saturating_add(file.measured.size) > of_person {
        return Err(full(of_person, "bytes of files").into());
    }
    let used = uow.files().used()?.saturating_add(file.measured.size);
    if of_customer.is_some_and(|quota| used > quota - quota / 4) {
        return Err(FileError::QuotaExceeded);
    }
    Ok(())
}

fn full(limit: u64, unit: &str) -> Invalid {
    let reason = format!("a conversation has at most {limit} {unit} of the person outside");
    Invalid {
        limit: Some(limit),
        ..Invalid::new("file", "LIMIT_EXCEEDED", reason)
    }
}

/// Stores the row of a file, and that the message carries it.
pub(crate) fn keep_file(
    uow: &mut dyn ConversationUnit,
    message: &Message,
    sent: &SentFile,
) -> Result<(), StoreError> {
    let stored = StoredFile {
        customer: message.customer,
        id: sent.id,
    };
    let file = from_outside(stored, (&sent.measured, &sent.filename), message.created);
    uow.files().insert(&file)?;
    uow.files()
        .attach_outside(file.id, message.id, message.conversation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MockUnit, a_conversation, a_sent_file};

    fn check(received: Vec<u64>, used: u64, room: FileRoom) -> Result<(), FileError> {
        let mut uow = MockUnit::default();
        let known = uow.files.expect_received_in();
        known.returning(move |_, _| Ok(received.clone()));
        uow.files.expect_used().returning(move || Ok(used));
        let file = SentFile {
            room,
            ..a_sent_file()
        };
        check_room(&mut uow, a_conversation().id, &file)
    }

    /// CONV-73: a person outside fills neither its own room nor the last quarter of the customer's. The file
    /// has ten bytes.
    #[test]
    fn files_of_people_outside_are_bounded() {
        let room = |of_person, of_customer| FileRoom {
            of_person,
            of_customer,
        };
        assert!(check(vec![40, 50], 1_000, room(100, None)).is_ok());
        let full = check(vec![40, 51], 1_000, room(100, None));
        assert!(matches!(full, Err(FileError::Invalid(invalid)) if invalid.limit == Some(100)));
        let many = check(vec![0; MAX_FILES as usize], 0, room(100, None));
        assert!(matches!(many, Err(FileError::Invalid(invalid)) if invalid.limit == Some(1_000)));
        assert!(check(vec![], 65, room(100, Some(100))).is_ok());
        let last = check(vec![], 66, room(100, Some(100)));
        assert!(matches!(last, Err(FileError::QuotaExceeded)));
    }
}
