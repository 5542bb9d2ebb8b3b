//! The event log: committed events are delivered and stored, deleted content is gone.

use talk_domain::kernel::log::{Kind, Portion};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::stream::Tick;
use talk_domain::talk::message::delete::{DeleteMessageError, delete_message};
use talk_domain::talk::message::edit::{EditMessage, edit_message};
use talk_domain::talk::message::post::{PostMessage, PostMessageError, post_message};
use talk_domain::talk::model::chat::ChatKind;
use talk_domain::talk::model::emoji::Emoji;
use talk_domain::talk::model::event::{Event, EventKind};
use talk_domain::talk::reaction::add::{React, add_reaction};
use talk_domain::talk::unit::TalkUnit;

use super::Factory;
use super::paging::first;
use super::world::World;

const POSTED: &[Kind] = &[EventKind::MessagePosted.name()];
const DELETED: &[Kind] = &[EventKind::ChatDeleted.name()];

/// LOG-03: nobody receives the events of a unit that was rolled back.
pub async fn events_of_a_refused_unit_never_ring(factory: Factory) {
    let world = World::open(factory).await;
    let chat = world.chat(ChatKind::Group, 1, &[2]).await.id;
    let heard = world.bell.heard();
    for panics in [false, true] {
        let cx = world.cx(1);
        let refused: Result<(), PostMessageError> = world
            .write(move |uow| {
                let command = PostMessage {
                    chat,
                    parent: None,
                    text: "undone".into(),
                    medias: vec![],
                };
                post_message(uow, &cx, &command)?;
                assert!(!panics, "on purpose");
                Err(PostMessageError::Empty)
            })
            .await;
        assert!(refused.is_err());
    }
    assert_eq!(world.bell.heard(), heard);
    let message = world.post(1, chat, "kept").await;
    let log = world.log(chat).await;
    assert_eq!(world.bell.heard(), log);
    assert_eq!(log.last().map(|event| event.seq), Some(message.seq));
}

/// LOG-01: the log takes the next event and no other, also while its chat is locked.
pub async fn an_event_that_does_not_follow_the_last_one_is_refused(factory: Factory) {
    let world = World::open(factory).await;
    let id = world.chat(ChatKind::Group, 1, &[2]).await.id;
    let log = world.log(id).await;
    for places in [0, 2, 3] {
        let actor = world.cx(1).actor.agent;
        let append = move |uow: &mut dyn TalkUnit| {
            let chat = uow.chats().lock(id)?.unwrap();
            let tick = Tick {
                seq: chat.last.seq + places,
                at: chat.last.at.next(),
            };
            let event = Event::ChatUpdated(&chat);
            uow.events()
                .append(id.into(), tick, Some(actor), event.entry("".into()))
        };
        let refused = world.write(append).await;
        assert!(matches!(refused, Err(StoreError::Corrupt(_))), "{places}");
    }
    assert_eq!(world.log(id).await, log);
}

/// Pages of the log follow each other, and each event is found by its `seq`.
pub async fn the_log_is_read_from_any_place(factory: Factory) {
    let world = World::open(factory).await;
    let chat = world.chat(ChatKind::Group, 1, &[2]).await.id;
    for n in 0..7 {
        world.post(1, chat, &format!("{n}")).await;
    }
    let all = world.log(chat).await;
    assert_eq!(all.len(), 10);
    for since in 0..=11 {
        let page = world
            .read(move |snapshot| snapshot.events().after(chat.into(), Portion::new(since, 3)))
            .await;
        let expected: Vec<_> = all
            .iter()
            .filter(|event| event.seq > since)
            .take(3)
            .cloned()
            .collect();
        assert_eq!(page.events, expected);
        assert_eq!(page.is_end, expected.len() < 3);
        let one = world
            .read(move |snapshot| snapshot.events().get(chat.into(), since))
            .await;
        assert_eq!(one.as_ref(), all.iter().find(|event| event.seq == since));
    }
    let beyond = world
        .read(move |snapshot| {
            snapshot
                .events()
                .after(chat.into(), Portion::new(u64::MAX, 3))
        })
        .await;
    assert!(beyond.events.is_empty() && beyond.is_end);
}

/// A portion ends with the frame that fills it, has one at least, and only the kinds wanted.
pub async fn the_log_is_read_in_portions(factory: Factory) {
    let world = World::open(factory).await;
    let chat = world.chat(ChatKind::Group, 1, &[2]).await.id;
    for n in 0..7 {
        world.post(1, chat, &format!("{n}")).await;
    }
    let all = world.log(chat).await;
    let portion = Portion::new(0, 100);
    let read = async |portion| {
        world
            .read(move |snapshot| snapshot.events().after(chat.into(), portion))
            .await
    };
    let (two, rest) = all.split_at(2);
    let bytes = two.iter().map(|event| event.payload.len()).sum();
    for (bytes, expected) in [(0, 1), (1, 1), (bytes, 2), (bytes + 1, 3)] {
        let page = read(Portion { bytes, ..portion }).await;
        assert_eq!(page.events, all[..expected], "{bytes}");
        assert!(!page.is_end);
    }
    let page = read(Portion {
        since: 2,
        ..portion
    })
    .await;
    assert_eq!((&*page.events, page.is_end), (rest, true));
    let kinds = Some(POSTED);
    let page = read(Portion {
        kinds,
        limit: 6,
        ..portion
    })
    .await;
    assert_eq!((&*page.events, page.is_end), (&all[3..9], false));
    let kinds = Some(DELETED);
    let page = read(Portion { kinds, ..portion }).await;
    assert_eq!((&*page.events, page.is_end), (&[][..], true));
}

/// No content of a deleted message is left: in the message, its versions, reactions and events.
pub async fn a_deleted_message_is_gone_everywhere(factory: Factory) {
    let world = World::open(factory).await;
    let chat = world.chat(ChatKind::Group, 1, &[2]).await.id;
    let other = world.post(1, chat, "stays").await;
    let message = world.post(1, chat, "secret").await.id;
    let cx = world.cx(1);
    let command = EditMessage {
        message,
        text: Some("secret too".into()),
        medias: None,
    };
    world
        .write(move |uow| edit_message(uow, &cx, &command))
        .await
        .unwrap();
    let (cx, emoji) = (world.cx(2), Emoji::parse("👍", 64).unwrap());
    let command = React { message, emoji };
    world
        .write(move |uow| add_reaction(uow, &cx, &command))
        .await
        .unwrap();
    let before = world.log(chat).await;
    let cx = world.cx(1);
    world
        .write(move |uow| delete_message(uow, &cx, message))
        .await
        .unwrap();

    let after = world.log(chat).await;
    let expected = [
        EventKind::MessageDeleted.name(),
        EventKind::ReactionAdded.name(),
        EventKind::MessageEdited.name(),
        EventKind::MessagePosted.name(),
    ];
    let kinds = after.iter().rev().map(|event| &event.kind);
    assert!(kinds.take(4).eq(&expected));
    assert!(after.iter().all(|event| !event.payload.contains("secret")));
    let redacted = after
        .iter()
        .filter(|event| event.payload.ends_with("(gone)"));
    assert_eq!(redacted.count(), 3);
    assert_eq!(after[..4], before[..4]);
    assert!(after[3].payload.ends_with("stays") && after[3].seq == other.seq);
    let (stored, versions) = world
        .read(move |snapshot| {
            let messages = snapshot.messages();
            Ok((
                messages.get(message)?,
                messages.revisions(message, first(10))?,
            ))
        })
        .await;
    let stored = stored.unwrap();
    assert!(stored.text.is_empty() && stored.reactions.is_empty() && stored.deleted.is_some());
    assert!(versions.rows.is_empty());
}

/// The bell gets the events as the log holds them, also when a unit posted and deleted the message.
pub async fn a_message_deleted_in_the_unit_that_posted_it_rings_redacted(factory: Factory) {
    let world = World::open(factory).await;
    let chat = world.chat(ChatKind::Group, 1, &[2]).await.id;
    let cx = world.cx(1);
    let unit = move |uow: &mut dyn talk_domain::talk::unit::TalkUnit| {
        let command = PostMessage {
            chat,
            parent: None,
            text: "secret".into(),
            medias: vec![],
        };
        let posted =
            post_message(uow, &cx, &command).map_err(|error| StoreError::Corrupt(error.into()))?;
        delete_message(uow, &cx, posted.message.id)
    };
    world.write::<_, DeleteMessageError>(unit).await.unwrap();
    let log = world.log(chat).await;
    assert!(log.iter().all(|event| !event.payload.contains("secret")));
    assert_eq!(world.bell.heard(), log);
}
