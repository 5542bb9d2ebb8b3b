//! Retention: old rows are erased in steps, and all others stay unchanged.

use talk_domain::kernel::cleanup::Bound;
use talk_domain::kernel::id::{ChatId, MessageId};
use talk_domain::kernel::log::Portion;
use talk_domain::kernel::needle::Needle;
use talk_domain::kernel::time::Timestamp;
use talk_domain::talk::chat::delete::delete_chat;
use talk_domain::talk::cleanup::run_step::run_step;
use talk_domain::talk::message::delete::delete_message;
use talk_domain::talk::message::edit::{EditMessage, edit_message};
use talk_domain::talk::model::chat::ChatKind;
use talk_domain::talk::model::emoji::Emoji;
use talk_domain::talk::model::event::EventKind;
use talk_domain::talk::model::event::content_of;
use talk_domain::talk::model::message::Message;
use talk_domain::talk::model::needle::MessageSearch;
use talk_domain::talk::model::retention::{Expiry, Step};
use talk_domain::talk::reaction::add::{React, add_reaction};
use talk_domain::talk::retention::due::{Due, Found, find_due};
use talk_domain::talk::retention::expire::expire_messages;
use talk_domain::talk::retention::trim::trim_log;
use talk_domain::testing::{agent_id, at};

use super::Factory;
use super::paging::first;
use super::world::{World, other_customer};

/// Messages up to this time have expired, and nothing else.
const fn messages_upto(time: Timestamp) -> Expiry {
    Expiry {
        messages: Some(time),
        deleted_chats: None,
        log: None,
        log_events: 0,
    }
}

/// Events up to this time have expired, but for the latest ones.
const fn log_upto(time: Timestamp, log_events: u64) -> Expiry {
    Expiry {
        messages: None,
        deleted_chats: None,
        log: Some(time),
        log_events,
    }
}

async fn due(world: &World, expiry: Expiry) -> Vec<(ChatId, Due)> {
    let Found { due, last } = world
        .read(move |snapshot| find_due(snapshot, &expiry, None))
        .await;
    assert_eq!(last, None);
    let strangers = world.read_as(other_customer(), move |snapshot| {
        find_due(snapshot, &expiry, None)
    });
    assert_eq!(strangers.await, Found::default());
    due
}

/// Expires messages of the chat until none is left. Returns how many.
async fn expire(world: &World, chat: ChatId, expiry: Expiry) -> u64 {
    let mut rows = 0;
    loop {
        let cx = world.cx(1);
        let strangers = world.cx(1);
        let step = world.write_as(other_customer(), move |uow| {
            expire_messages(uow, &strangers, &expiry, chat)
        });
        assert_eq!(step.await.unwrap(), Step::default());
        let step = world.write(move |uow| expire_messages(uow, &cx, &expiry, chat));
        let step = step.await.unwrap();
        rows += step.rows;
        if !step.is_more {
            return rows;
        }
    }
}

async fn get(world: &World, message: MessageId) -> Message {
    let found = world.read(move |snapshot| snapshot.messages().get(message));
    found.await.unwrap()
}

async fn found(world: &World, text: &str) -> Vec<MessageId> {
    let search = MessageSearch {
        needle: Needle::parse("q", text).unwrap(),
        chat: None,
        author: None,
        after: None,
        before: None,
    };
    let page = world.read(move |snapshot| {
        let messages = snapshot.messages();
        messages.search(agent_id(1), &search, first(100))
    });
    page.await.rows.iter().map(|message| message.id).collect()
}

/// Edits a message of agent 1 more often than one unit of work erases, and reacts to it.
pub(super) async fn change_much(world: &World, message: MessageId) {
    for n in 0..=Bound::STEP.rows {
        let cx = world.cx(1);
        let command = EditMessage {
            message,
            text: Some(format!("@agent-2 secret {n}")),
            medias: None,
        };
        let edited = world.write(move |uow| edit_message(uow, &cx, &command));
        edited.await.unwrap();
    }
    let (cx, emoji) = (world.cx(2), Emoji::parse("👍", 64).unwrap());
    let command = React { message, emoji };
    let reacted = world.write(move |uow| add_reaction(uow, &cx, &command));
    reacted.await.unwrap();
}

/// RUN-17: old messages become the same tombstones as deleted ones, and threads keep their shape.
pub async fn expired_messages_are_gone_everywhere(factory: Factory) {
    let world = World::open(factory).await;
    let chat = world.chat(ChatKind::Group, 1, &[2]).await.id;
    let other = world.chat(ChatKind::Group, 1, &[2]).await.id;
    let root = world.post(1, chat, "@agent-2 secret").await;
    change_much(&world, root.id).await;
    let mut last = world.reply(2, chat, "secret reply", Some(&root)).await;
    for n in 0..150 {
        last = world.post(2, chat, &format!("secret {n}")).await;
    }
    let kept = world.reply(1, chat, "a secret stays", Some(&root)).await;
    let before = world.log(chat).await;
    let expiry = messages_upto(last.created);
    assert_eq!(due(&world, expiry).await, [(chat, Due::Messages)]);
    assert_eq!(expire(&world, chat, expiry).await, 152);
    assert_eq!(due(&world, expiry).await, []);
    assert_eq!(expire(&world, chat, expiry).await, 0);

    let log = world.log(chat).await;
    for (was, is) in before.iter().zip(&log) {
        assert_eq!(was.seq, is.seq);
        let stays = content_of(was).is_none_or(|(_, message)| message == kept.id);
        assert!(
            stays == (was == is) && (stays || is.payload.ends_with("(gone)")),
            "{is:?}"
        );
    }
    let new = log.get(before.len()..).unwrap();
    assert_eq!(new.len(), 152, "clients drop the texts too");
    assert!(
        new.iter()
            .all(|event| event.kind == EventKind::MessageDeleted)
    );
    assert_eq!(found(&world, "secret").await, [kept.id]);
    let tombstone = get(&world, root.id).await;
    assert!(tombstone.text.is_empty() && tombstone.reactions.is_empty());
    assert_eq!(
        (tombstone.deleted.is_some(), tombstone.reply_count),
        (true, 1)
    );
    let reads = world.read(move |snapshot| {
        let reads = snapshot.reads();
        let unread = reads.unread(chat, agent_id(2), at(0))?;
        Ok((unread, reads.mentions(chat, agent_id(2), at(0))?))
    });
    assert_eq!(reads.await, (1, 0));
    let next = async || world.read(|snapshot| snapshot.cleanups().after(None)).await;
    assert!(
        next().await.is_some(),
        "of the message that was changed often"
    );
    while let Some(cleanup) = next().await {
        let cx = world.cx(1);
        let cleaned = world.write(move |uow| run_step(uow, &cx, &cleanup));
        cleaned.await.unwrap();
    }
    let versions = world.read(move |snapshot| snapshot.messages().revisions(root.id, first(9)));
    assert_eq!(versions.await.rows, []);
    assert_eq!(world.log(chat).await, log);
    assert_eq!(world.log(other).await.len(), 3);
}

/// RUN-17: a message that is posted, edited or deleted between the steps is neither lost nor erased
/// twice.
pub async fn what_changes_while_messages_expire_is_right(factory: Factory) {
    let world = World::open(factory).await;
    let chat = world.chat(ChatKind::Group, 1, &[2]).await.id;
    let mut said = Vec::new();
    for n in 0..100 {
        said.push(world.post(1, chat, &format!("old {n}")).await);
    }
    let expiry = messages_upto(said[99].created);
    let cx = world.cx(1);
    let step = world.write(move |uow| expire_messages(uow, &cx, &expiry, chat));
    assert_eq!(step.await.unwrap().rows, 64);
    let (cx, gone) = (world.cx(1), said[80].id);
    let deleted = world.write(move |uow| delete_message(uow, &cx, gone));
    let deleted = deleted.await.unwrap();
    change_much(&world, said[90].id).await;
    let new = world.post(2, chat, "new").await;
    assert_eq!(expire(&world, chat, expiry).await, 35);
    assert_eq!(get(&world, gone).await, deleted, "deleted once");
    assert_eq!(get(&world, new.id).await, new);
    for old in &said {
        assert!(get(&world, old.id).await.text.is_empty());
    }
    let later = messages_upto(new.created);
    assert_eq!(due(&world, later).await, [(chat, Due::Messages)]);
    assert_eq!(expire(&world, chat, later).await, 1);
}

/// RUN-16: a trimmed log has a later start, and its other events are unchanged.
pub async fn a_log_is_trimmed_in_steps(factory: Factory) {
    let world = World::open(factory).await;
    let chat = world.chat(ChatKind::Group, 1, &[2]).await.id;
    let message = world.post(1, chat, "secret").await.id;
    change_much(&world, message).await;
    let mut last = world.post(1, chat, "first").await;
    for n in 0..200 {
        last = world.post(1, chat, &format!("{n}")).await;
    }
    let all = world.log(chat).await;
    let head = all.len() as u64;
    assert_eq!(due(&world, log_upto(last.created, head)).await, []);
    assert_eq!(due(&world, log_upto(at(0), 5)).await, []);
    let expiry = log_upto(last.created, 5);
    assert_eq!(due(&world, expiry).await, [(chat, Due::Log)]);
    let mut steps = 0;
    loop {
        let strangers = world.write_as(other_customer(), move |uow| trim_log(uow, &expiry, chat));
        assert_eq!(strangers.await.unwrap(), Step::default());
        let step = world.write(move |uow| trim_log(uow, &expiry, chat));
        let step = step.await.unwrap();
        let start = world.stored(chat).await.log_start;
        assert_eq!(
            world.log(chat).await,
            all[usize::try_from(start).unwrap()..]
        );
        steps += 1;
        if !step.is_more {
            break;
        }
    }
    assert!(steps > 3, "{steps} steps");
    assert_eq!(due(&world, expiry).await, []);
    assert_eq!(world.stored(chat).await.log_start, head - 5);
    let logs = world.read(|snapshot| snapshot.participants().logs(agent_id(2)));
    let logs = logs.await;
    assert_eq!((logs[0].start, logs[0].head), (head - 5, head));
    let read = world.read(|snapshot| snapshot.participants().logs(agent_id(1)));
    assert_eq!(read.await, logs);

    // The events of a message may expire before the message.
    let cx = world.cx(1);
    let deleted = world.write(move |uow| delete_message(uow, &cx, message));
    deleted.await.unwrap();
    let page =
        world.read(move |snapshot| snapshot.events().after(chat.into(), Portion::new(0, 10)));
    let seqs: Vec<u64> = page.await.events.iter().map(|event| event.seq).collect();
    assert_eq!(seqs, (head - 4..=head + 1).collect::<Vec<_>>());
}

/// RUN-16: a time ends a trim even among many events.
pub async fn events_that_are_young_enough_stay(factory: Factory) {
    let world = World::open(factory).await;
    let chat = world.chat(ChatKind::Group, 1, &[]).await.id;
    let said = world.post(1, chat, "old").await;
    let kept = world.post(1, chat, "young").await;
    world.post(1, chat, "younger").await;
    let expiry = log_upto(said.created, 1);
    let step = world.write(move |uow| trim_log(uow, &expiry, chat));
    assert_eq!(step.await.unwrap().rows, said.seq);
    assert_eq!(world.log(chat).await[0].seq, kept.seq);
}

/// RUN-18.
pub async fn a_deleted_chat_is_due_whole(factory: Factory) {
    let world = World::open(factory).await;
    let chat = world.chat(ChatKind::Group, 1, &[2]).await.id;
    world.post(1, chat, "old").await;
    let cx = world.cx(1);
    let deleted = world.write(move |uow| delete_chat(uow, &cx, chat));
    let deleted = deleted.await.unwrap().deleted.unwrap();
    let expiry = |time| Expiry {
        deleted_chats: Some(time),
        ..messages_upto(deleted)
    };
    let earlier = Timestamp::from_micros(deleted.as_micros() - 1).unwrap();
    assert_eq!(due(&world, expiry(earlier)).await, [(chat, Due::Messages)]);
    assert_eq!(due(&world, expiry(deleted)).await, [(chat, Due::Chat)]);
    assert_eq!(expire(&world, chat, messages_upto(deleted)).await, 1);
    let log = world.log(chat).await;
    let last = log.last().map(|event| event.kind.clone());
    assert_eq!(
        last,
        Some(EventKind::ChatDeleted.name()),
        "expiring is no event here"
    );
    assert!(log.iter().all(|event| !event.payload.contains("old")));
}
