//! Files: their rows, who reads them, and what is left of them.

use std::slice::from_ref;

use talk_domain::files::delete::delete_file;
use talk_domain::files::model::{File, StoredFile};
use talk_domain::files::show::{ShowFileError, show_file};
use talk_domain::kernel::cleanup::Cleanup;
use talk_domain::kernel::id::{AgentId, ChatId, FileId, MessageId};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::chat::delete::delete_chat;
use talk_domain::talk::chat::remove::remove_chat;
use talk_domain::talk::cleanup::run_step::run_step;
use talk_domain::talk::message::delete::delete_message;
use talk_domain::talk::message::edit::{EditMessage, edit_message};
use talk_domain::talk::message::post::{PostMessage, post_message};
use talk_domain::talk::model::chat::ChatKind;
use talk_domain::talk::model::media::{FileMedia, Media};
use talk_domain::talk::model::message::Message;
use talk_domain::testing::{a_file, actor, agent_id, at, customer_id};

use super::Factory;
use super::world::{World, other_customer};

/// Stores the row of file n, of agent 1.
async fn upload(world: &World, n: u128) -> FileId {
    let file = File {
        created: at(i64::try_from(n).unwrap()),
        ..a_file(n)
    };
    let id = file.id;
    let inserted = world.write(move |uow| uow.files().insert(&file));
    inserted.await.unwrap();
    id
}

async fn post(world: &World, by: u128, chat: ChatId, files: &[FileId]) -> Message {
    let cx = world.cx(by);
    let named = files
        .iter()
        .map(|file| Media::File(FileMedia::named(*file)));
    let command = PostMessage {
        chat,
        parent: None,
        text: "see".into(),
        medias: named.collect(),
    };
    let posted = world.write(move |uow| post_message(uow, &cx, &command));
    posted.await.unwrap().message
}

/// Whether agent n reads a file: `None` if there is no such file.
async fn reads(world: &World, n: u128, file: FileId) -> Option<bool> {
    let shown = world.read(move |snapshot| {
        Ok(match show_file(snapshot, actor(agent_id(n)), file) {
            Ok(_) => Some(true),
            Err(ShowFileError::NotAReader) => Some(false),
            Err(ShowFileError::NoSuchFile) => None,
            Err(ShowFileError::Store(error)) => return Err(error),
        })
    });
    shown.await
}

async fn to_remove(world: &World) -> Vec<FileId> {
    let listed = world.read(|snapshot| snapshot.files().to_remove(100)).await;
    listed.into_iter().map(|file| file.id).collect()
}

async fn used(world: &World) -> u64 {
    world.write(|uow| uow.files().used()).await.unwrap()
}

/// FILE-05 and FILE-06: participants of a chat read what its messages carry, for as long as they do.
pub async fn files_are_read_by_those_who_were_sent_them(factory: Factory) {
    let world = World::open(factory).await;
    let chat = world.chat(ChatKind::Group, 1, &[2]).await.id;
    let (shown, other) = (upload(&world, 1).await, upload(&world, 2).await);
    assert_eq!(reads(&world, 2, shown).await, Some(false));
    let said = post(&world, 1, chat, &[shown, other, shown]).await;
    let expected = FileMedia::from(&a_file(1));
    assert_eq!(said.medias[0], Media::File(expected));
    for (agent, may_read) in [(1, true), (2, true), (3, false)] {
        assert_eq!(reads(&world, agent, shown).await, Some(may_read), "{agent}");
    }
    let cx = world.cx(1);
    let command = EditMessage {
        message: said.id,
        text: None,
        medias: Some(vec![Media::File(FileMedia::named(other))]),
    };
    let edited = world.write(move |uow| edit_message(uow, &cx, &command));
    assert_eq!(edited.await.unwrap().medias, said.medias[1..2]);
    assert_eq!(reads(&world, 2, shown).await, Some(false));
    assert_eq!(reads(&world, 1, shown).await, Some(true));
    assert_eq!(reads(&world, 2, other).await, Some(true));
    let cx = world.cx(1);
    let deleted = world.write(move |uow| delete_chat(uow, &cx, chat));
    deleted.await.unwrap();
    assert_eq!(reads(&world, 2, other).await, Some(false));
}

async fn delete(world: &World, by: u128, message: MessageId) {
    let cx = world.cx(by);
    let deleted = world.write(move |uow| delete_message(uow, &cx, message));
    deleted.await.unwrap();
}

/// FILE-06 and RUN-18: the last message that goes takes its files along, one by one and with its
/// chat.
pub async fn a_file_goes_with_the_last_message_that_carries_it(factory: Factory) {
    let world = World::open(factory).await;
    let chat = world.chat(ChatKind::Group, 1, &[2]).await.id;
    let (first, second) = (upload(&world, 1).await, upload(&world, 2).await);
    let said = [
        post(&world, 1, chat, &[first]).await.id,
        post(&world, 2, chat, &[first]).await.id,
    ];
    post(&world, 1, chat, &[second]).await;
    assert_eq!(used(&world).await, 20);
    delete(&world, 1, said[0]).await;
    assert_eq!(reads(&world, 2, first).await, Some(true));
    delete(&world, 2, said[1]).await;
    assert_eq!(reads(&world, 1, first).await, None);
    assert_eq!(
        (to_remove(&world).await, used(&world).await),
        (vec![first], 10)
    );
    let cx = world.cx(1);
    let deleted = world.write(move |uow| delete_chat(uow, &cx, chat));
    deleted.await.unwrap();
    assert_eq!(reads(&world, 1, second).await, Some(true));
    while world
        .write(move |uow| remove_chat(uow, chat))
        .await
        .unwrap()
        .is_more
    {}
    assert_eq!(
        (to_remove(&world).await, used(&world).await),
        (vec![first, second], 0)
    );
    let gone = StoredFile {
        customer: customer_id(),
        id: first,
    };
    let removed = world.write(move |uow| uow.files().removed(from_ref(&gone)));
    removed.await.unwrap();
    assert_eq!(to_remove(&world).await, [second]);
}

/// FILE-10: a deleted file is gone at once, and its messages say so after the cleanup.
pub async fn messages_say_that_their_file_is_deleted(factory: Factory) {
    let world = World::open(factory).await;
    let chat = world.chat(ChatKind::Group, 1, &[2]).await.id;
    let file = upload(&world, 1).await;
    let said = post(&world, 1, chat, &[file]).await;
    let cx = world.cx(1);
    let deleted = world.write(move |uow| delete_file(uow, &cx, file));
    assert_eq!(deleted.await.unwrap().id, file);
    assert_eq!(reads(&world, 1, file).await, None);
    assert_eq!(reads(&world, 2, file).await, None);
    let next = world.read(|snapshot| snapshot.cleanups().after(None)).await;
    let cleanup: Cleanup = next.unwrap();
    let cx = world.cx(1);
    let done = world.write(move |uow| run_step(uow, &cx, &cleanup));
    done.await.unwrap();
    let next = world.read(|snapshot| snapshot.cleanups().after(None)).await;
    assert_eq!(next, None);
    let id = said.id;
    let now = world
        .read(move |snapshot| snapshot.messages().get(id))
        .await;
    let now = now.unwrap();
    let is_marked = now
        .medias
        .iter()
        .all(|media| media.file().unwrap().is_deleted);
    assert!(is_marked && now.updated > said.updated, "{now:?}");
}

/// FILE-05: files stay in their customer, but for those who remove and examine bytes.
pub async fn files_stay_in_their_customer(factory: Factory) {
    let world = World::open(factory).await;
    let file = upload(&world, 1).await;
    let seen = world.write_as(other_customer(), move |uow| {
        let files = uow.files();
        let mine = files.some(None, 9)?;
        Ok::<_, StoreError>((files.get(file)?, files.used()?, mine))
    });
    assert_eq!(seen.await.unwrap(), (None, 0, vec![]));
    let foreign = world.write_as(other_customer(), move |uow| uow.files().insert(&a_file(2)));
    assert!(foreign.await.is_err());
    let foreign = world.write_as(other_customer(), move |uow| uow.files().delete(&a_file(1)));
    assert!(foreign.await.is_err());
    let stored = |n: u128| StoredFile::from(&a_file(n));
    let (known, unknown) = world
        .read_as(other_customer(), move |snapshot| {
            let files = snapshot.files();
            Ok((files.all(None, 9)?, files.unknown(&[stored(1), stored(7)])?))
        })
        .await;
    assert_eq!((known, unknown), (vec![(stored(1), 10)], vec![stored(7)]));
    assert_eq!(used(&world).await, 10);
    let owner: AgentId = agent_id(1);
    let some = world
        .write(move |uow| uow.files().some(Some(owner), 9))
        .await;
    assert_eq!(some.unwrap().len(), 1);
}
