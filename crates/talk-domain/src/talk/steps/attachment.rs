//! Steps: which messages carry which files follows the medias of messages.

use crate::files::model::File;
use crate::kernel::context::Context;
use crate::kernel::id::FileId;
use crate::kernel::store_error::StoreError;
use crate::talk::model::event::Event;
use crate::talk::model::media::Media;
use crate::talk::model::message::Message;
use crate::talk::steps::record::record;
use crate::talk::unit::TalkUnit;

/// Messages that are marked per unit of work, each with its event.
const MARKED: u32 = 16;

/// Stores which files a message carries.
pub(crate) fn attach(uow: &mut dyn TalkUnit, message: &Message) -> Result<(), StoreError> {
    for file in message.medias.iter().filter_map(Media::file) {
        uow.files().attach(file.id, message.id, message.chat)?;
    }
    Ok(())
}

/// Stores which files an edited message carries. A file that it no longer carries stays, for its
/// uploader.
pub(crate) fn reattach(
    uow: &mut dyn TalkUnit,
    message: &Message,
    earlier: &[Media],
) -> Result<(), StoreError> {
    for file in earlier.iter().filter_map(Media::file) {
        if !contain(&message.medias, file.id) {
            uow.files().detach(file.id, message.id)?;
        }
    }
    let files = message.medias.iter().filter_map(Media::file);
    for file in files.filter(|file| !contain(earlier, file.id)) {
        uow.files().attach(file.id, message.id, message.chat)?;
    }
    Ok(())
}

/// Stores that a message that became a tombstone carries none of the files in `earlier`. Deletes the
/// files that no other message carries.
pub(crate) fn release(
    uow: &mut dyn TalkUnit,
    message: &Message,
    earlier: &[Media],
) -> Result<(), StoreError> {
    for file in earlier.iter().filter_map(Media::file) {
        uow.files().detach(file.id, message.id)?;
        let is_carried = !uow.files().carriers(file.id, 1)?.is_empty();
        if is_carried || uow.files().is_outside(file.id)? {
            continue;
        }
        if let Some(file) = uow.files().get(file.id)? {
            uow.files().delete(&file)?;
        }
    }
    Ok(())
}

/// Marks a deleted file in the next messages that carry it, each with its event. Returns whether
/// there may be more.
pub(crate) fn mark_deleted(
    uow: &mut dyn TalkUnit,
    cx: &Context,
    id: FileId,
) -> Result<bool, StoreError> {
    let carriers = uow.files().carriers(id, MARKED)?;
    for message in &carriers {
        uow.files().detach(id, *message)?;
        let Some(message) = uow.messages().get(*message)? else {
            continue;
        };
        if contain(&message.medias, id) {
            mark(uow, cx, (message, id))?;
        }
    }
    Ok(carriers.len() >= MARKED as usize)
}

/// Marks a deleted file in one message.
fn mark(
    uow: &mut dyn TalkUnit,
    cx: &Context,
    (mut message, id): (Message, FileId),
) -> Result<(), StoreError> {
    let Some(mut chat) = uow.chats().lock(message.chat)? else {
        return Ok(());
    };
    for media in &mut message.medias {
        if let Media::File(file) = media
            && file.id == id
        {
            file.is_deleted = true;
        }
    }
    if chat.deleted.is_some() {
        // No event: the last event of a deleted chat is its deletion.
        return uow.messages().update(&message);
    }
    message.updated = chat.tick(cx.now).at;
    uow.messages().update(&message)?;
    record(uow, cx, &chat, Event::MessageEdited(&message)).map(drop)
}

fn contain(medias: &[Media], id: FileId) -> bool {
    let mut files = medias.iter().filter_map(Media::file);
    files.any(|file| file.id == id)
}

/// Deletes the next files of the customer of this unit, whose messages are gone. Returns whether
/// there were any.
pub(crate) fn remove_any_files(uow: &mut dyn TalkUnit, limit: u32) -> Result<bool, StoreError> {
    let files: Vec<File> = uow.files().some(None, limit)?;
    for file in &files {
        uow.files().delete(file)?;
    }
    Ok(!files.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::talk::model::chat::Chat;
    use crate::talk::model::event::EventKind::MessageEdited;
    use crate::talk::model::media::FileMedia;
    use crate::testing::{
        MockUnitOfWork, Scene, a_chat, a_file, a_message, agent_id, at, chat_id, context,
        message_id,
    };

    fn media(n: u128) -> Media {
        Media::File(FileMedia::from(&a_file(n)))
    }

    fn carrying(files: &[u128]) -> Message {
        Message {
            medias: files.iter().map(|n| media(*n)).collect(),
            ..a_message(1)
        }
    }

    /// FILE-06: the edit stores the difference.
    #[test]
    fn an_edited_message_carries_what_it_shows() {
        let mut uow = MockUnitOfWork::default();
        let detach = uow.files.expect_detach().times(1);
        detach
            .withf(|file, message| (*file, *message) == (a_file(1).id, message_id(1)))
            .returning(|_, _| Ok(()));
        let attach = uow.files.expect_attach().times(1);
        attach
            .withf(|file, message, chat| {
                (*file, *message, *chat) == (a_file(3).id, message_id(1), chat_id(1))
            })
            .returning(|_, _, _| Ok(()));
        reattach(&mut uow, &carrying(&[2, 3]), &[media(1), media(2)]).unwrap();
    }

    /// FILE-06.
    #[test]
    fn a_file_goes_with_the_last_message_that_carries_it() {
        for (others, is_outside, deleted) in [(1, false, 0), (0, true, 0), (0, false, 1)] {
            let mut uow = MockUnitOfWork::default();
            uow.files.expect_detach().times(1).returning(|_, _| Ok(()));
            let carriers = uow.files.expect_carriers();
            carriers.returning(move |_, _| Ok(vec![message_id(2); others]));
            let outside = uow.files.expect_is_outside();
            outside.returning(move |_| Ok(is_outside));
            uow.files.expect_get().returning(|_| Ok(Some(a_file(1))));
            let delete = uow.files.expect_delete().times(deleted);
            delete.returning(|_| Ok(()));
            release(&mut uow, &a_message(1), &[media(1)]).unwrap();
        }
    }

    fn marking(scene: &Scene, carriers: usize) -> MockUnitOfWork {
        let mut uow = scene.unit();
        let carriers = vec![message_id(1); carriers];
        uow.files
            .expect_carriers()
            .returning(move |_, _| Ok(carriers.clone()));
        uow.files.expect_detach().returning(|_, _| Ok(()));
        uow.messages
            .expect_update()
            .withf(|message| {
                message
                    .medias
                    .iter()
                    .all(|media| media.file().unwrap().is_deleted)
            })
            .returning(|_| Ok(()));
        uow
    }

    /// FILE-10: in bounded steps, each message with its event.
    #[test]
    fn messages_that_carry_a_deleted_file_say_so() {
        for (carriers, is_more) in [(1, false), (MARKED as usize, true)] {
            let scene = Scene::new(a_chat()).messages(&[carrying(&[1])]);
            let mut uow = marking(&scene, carriers);
            let more = mark_deleted(&mut uow, &context(agent_id(1)), a_file(1).id).unwrap();
            assert_eq!(more, is_more);
            assert_eq!(scene.events(), vec![MessageEdited; carriers]);
        }
    }

    /// FILE-10: a deleted chat gets no events.
    #[test]
    fn the_messages_of_a_deleted_chat_say_so_without_an_event() {
        let deleted = Chat {
            deleted: Some(at(9)),
            ..a_chat()
        };
        let scene = Scene::new(deleted).messages(&[carrying(&[1])]);
        let mut uow = marking(&scene, 1);
        mark_deleted(&mut uow, &context(agent_id(1)), a_file(1).id).unwrap();
        assert_eq!(scene.events(), []);
    }
}
