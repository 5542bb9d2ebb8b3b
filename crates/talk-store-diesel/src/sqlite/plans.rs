//! Tests that every statement of a request uses an index: no query plan scans a table.

mod erasing;
mod explained;
mod plain;
mod searching;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use diesel::connection::{Connection, InstrumentationEvent};
use talk_domain::identity::agent::PasswordHash;
use talk_domain::kernel::cleanup::{Bound, Deleted};
use talk_domain::kernel::id::ChatId;
use talk_domain::kernel::idempotency::{Answer, StoredAnswer};
use talk_domain::kernel::log::{Kind, Portion};
use talk_domain::kernel::page::{Cursor, Order, PageRequest};
use talk_domain::kernel::store::Unit;
use talk_domain::talk::chat::create::{CreateChat, create_chat};
use talk_domain::talk::message::delete::delete_message;
use talk_domain::talk::message::edit::{EditMessage, edit_message};
use talk_domain::talk::message::post::{PostMessage, post_message};
use talk_domain::talk::model::chat::{ChatFilter, ChatKind};
use talk_domain::talk::model::emoji::Emoji;
use talk_domain::talk::model::event::EventKind;
use talk_domain::talk::model::message::{Message, MessageFilter};
use talk_domain::talk::reaction::add::{React, add_reaction};
use talk_domain::talk::reaction::remove::remove_reaction;
use talk_domain::talk::read::mark::{MarkRead, mark_read};
use talk_domain::talk::unit::{TalkSnapshot, TalkUnit};
use talk_domain::testing::{agent_id, an_agent, at, context, customer_id};
use tempfile::TempDir;
use uuid::Uuid;

use crate::connection::AnyConnection;
use crate::portable::fast::batch_cache::BatchCache;
use crate::portable::fast::chats::flush;
use crate::portable::snapshot::DieselSnapshot;
use crate::portable::unit::DieselUnit;
use crate::sqlite::connection;
use explained::plan;
pub(crate) use plain::Plain;

const POSTED: &[Kind] = &[EventKind::MessagePosted.name()];

/// The statements that were recorded, by text.
#[derive(Clone, Default)]
pub(crate) struct Heard {
    /// Statements that ran.
    run: BTreeSet<String>,
    /// Statements that were cached as prepared.
    kept: BTreeSet<String>,
}

/// Runs a request of every kind and records the statements that look rows up.
pub(crate) fn play() -> (TempDir, AnyConnection, Heard) {
    let directory = tempfile::tempdir().unwrap();
    let mut conn = connection::writer(&directory.path().join("talk.db")).unwrap();
    connection::migrate(&mut conn).unwrap();
    let mut conn = AnyConnection::Sqlite(conn);
    let heard = Arc::new(Mutex::new(Heard::default()));
    let notes = Arc::clone(&heard);
    conn.set_instrumentation(move |event: InstrumentationEvent<'_>| match event {
        InstrumentationEvent::StartQuery { query, .. } => {
            let query = query.to_string();
            let sql = query.split(" -- binds").next().unwrap_or_default();
            if ["SELECT", "UPDATE", "DELETE"]
                .iter()
                .any(|verb| sql.starts_with(verb))
            {
                notes.lock().unwrap().run.insert(sql.to_owned());
            }
        }
        InstrumentationEvent::CacheQuery { sql, .. } => {
            notes.lock().unwrap().kept.insert(sql.to_owned());
        }
        _ => {}
    });
    let unit = Unit::of(customer_id(), "plans");
    let mut changes = DieselUnit::new(&mut conn, unit, &Plain, BatchCache::default());
    let message = change(&mut changes);
    let mut done = changes.into_done();
    flush(&mut conn, &mut done.cache).unwrap();
    searching::index(&mut conn);
    let mut later = DieselUnit::new(&mut conn, unit, &Plain, BatchCache::default());
    say_more(&mut later, message.chat);
    let mut done = later.into_done();
    flush(&mut conn, &mut done.cache).unwrap();
    look(&mut DieselSnapshot::new(&mut conn, unit, &Plain), &message);
    conn.set_instrumentation(|_: InstrumentationEvent<'_>| {});
    let heard = heard.lock().unwrap().clone();
    (directory, conn, heard)
}

/// Posts, answers, edits, reacts and deletes in a new chat.
fn change(uow: &mut dyn TalkUnit) -> Message {
    let cx = context(agent_id(1));
    for n in [1, 2] {
        let password = PasswordHash("hash".into());
        uow.agents().insert(&an_agent(n), &password).unwrap();
    }
    let command = CreateChat {
        kind: ChatKind::Direct,
        name: String::new(),
        detail: String::new(),
        others: vec![agent_id(2)],
    };
    let chat = create_chat(uow, &cx, &command).unwrap();
    let mut post = said(chat.id, "hello @agent-2");
    let root = post_message(uow, &cx, &post).unwrap().message;
    post.parent = Some(root.id);
    let reply = post_message(uow, &cx, &post).unwrap().message;
    let edit = EditMessage {
        message: reply.id,
        text: Some("hello!".into()),
        medias: None,
    };
    edit_message(uow, &cx, &edit).unwrap();
    let react = React {
        message: root.id,
        emoji: Emoji::parse("👍", 64).unwrap(),
    };
    add_reaction(uow, &cx, &react).unwrap();
    remove_reaction(uow, &cx, &react).unwrap();
    add_reaction(uow, &cx, &react).unwrap();
    delete_message(uow, &cx, reply.id).unwrap();
    let read = MarkRead {
        chat: chat.id,
        seq: reply.seq,
    };
    mark_read(uow, &cx, &read).unwrap();
    uow.sessions().end(agent_id(1), at(1)).unwrap();
    uow.sessions().purge(at(0), 10).unwrap();
    let answered = StoredAnswer {
        agent: agent_id(1),
        key: "key-0001".into(),
        fingerprint: [0; 32],
        answer: Answer::Message(root.id),
        at: at(1),
    };
    uow.idempotency().insert(&answered).unwrap();
    uow.idempotency().purge(at(0), 10).unwrap();
    uow.participants().some_chats_of(agent_id(1), 10).unwrap();
    let deleted = Deleted::Message {
        id: reply.id,
        chat: chat.id,
    };
    uow.cleanups().add(deleted).unwrap();
    uow.cleanups().finish(Deleted::Chat(chat.id)).unwrap();
    erasing::remove_another(uow);
    root
}

/// A command that posts `text`.
fn said(chat: ChatId, text: &str) -> PostMessage {
    PostMessage {
        chat,
        parent: None,
        text: text.into(),
        medias: vec![],
    }
}

/// Posts a message that is not indexed yet.
fn say_more(uow: &mut dyn TalkUnit, chat: ChatId) {
    post_message(uow, &context(agent_id(1)), &said(chat, "hello again")).unwrap();
}

/// Reads every list in both orders, from the start and from a cursor of either form.
fn look(snapshot: &mut dyn TalkSnapshot, message: &Message) {
    let bare = Cursor {
        at: at(5),
        id: None,
    };
    let full = Cursor {
        id: Some(Uuid::from_u128(7)),
        ..bare
    };
    for order in [Order::Descending, Order::Ascending] {
        for after in [None, Some(bare), Some(full)] {
            let request = PageRequest {
                size: 10,
                after,
                order,
            };
            let filter = ChatFilter::default();
            let chats = snapshot.chats();
            chats.of_agent(agent_id(1), filter, request).unwrap();
            chats.channels("word", request).unwrap();
            let members = snapshot.participants();
            members.page(message.chat, request).unwrap();
            members.former(message.chat, request).unwrap();
            snapshot.agents().page(request).unwrap();
            snapshot.keys().page(agent_id(1), request).unwrap();
            look_at_messages(snapshot, message, request);
        }
    }
    let events = snapshot.events();
    let (stream, portion) = (message.chat.into(), Portion::new(3, 10));
    events.after(stream, portion).unwrap();
    let kinds = Some(POSTED);
    events.after(stream, Portion { kinds, ..portion }).unwrap();
    events.get(stream, 3).unwrap();
    let directory = snapshot.directory();
    directory.login("agent-1").unwrap();
    directory.agent(agent_id(1)).unwrap();
    directory.key(&[0; 32]).unwrap();
    directory.is_revoked(Uuid::nil().into()).unwrap();
    directory.last_end().unwrap();
    directory.ends_after(1, 10).unwrap();
    let members = snapshot.participants();
    members.logs(agent_id(1)).unwrap();
    members.left(message.chat, agent_id(1)).unwrap();
    let reads = snapshot.reads();
    reads.mark(message.chat, agent_id(1)).unwrap();
    reads.unread(message.chat, agent_id(1), at(0)).unwrap();
    reads.mentions(message.chat, agent_id(1), at(0)).unwrap();
    snapshot.mentions().backlog(Bound::STEP).unwrap();
    snapshot
        .cleanups()
        .after(Some(Deleted::Chat(message.chat)))
        .unwrap();
    erasing::look(snapshot);
}

fn look_at_messages(snapshot: &mut dyn TalkSnapshot, message: &Message, request: PageRequest) {
    let messages = snapshot.messages();
    messages.of_agent(agent_id(1), request).unwrap();
    searching::look(messages, message, request);
    messages.revisions(message.id, request).unwrap();
    for (parent, root, since_seq) in [
        (None, None, None),
        (None, None, Some(3)),
        (Some(message.id), None, None),
        (None, Some(message.id), Some(3)),
    ] {
        let filter = MessageFilter {
            parent,
            root,
            since_seq,
        };
        messages.in_chat(message.chat, filter, request).unwrap();
    }
}

#[test]
fn no_statement_of_a_request_scans_or_sorts_a_table() {
    let (_directory, mut conn, heard) = play();
    assert!(heard.run.len() > 60, "{} statements", heard.run.len());
    for sql in heard.run {
        let steps = plan(&mut conn, &sql);
        assert!(!steps.is_empty(), "{sql}");
        for step in &steps {
            assert!(!explained::scans(step), "{sql}\n{steps:#?}");
            // Reactions of a page are few and sorted in memory.
            let sorts = step.contains("TEMP B-TREE") && !sql.contains("FROM `talk_reactions`");
            assert!(!sorts, "{sql}\n{steps:#?}");
        }
    }
}

#[test]
fn threads_and_pages_use_the_index_made_for_them() {
    let (_directory, mut conn, heard) = play();
    for (column, index) in [
        (
            "`talk_messages`.`parent_id` = ?",
            "talk_messages_parent (parent_id=?",
        ),
        (
            "`talk_messages`.`root_id` = ?",
            "talk_messages_root (root_id=?",
        ),
        (
            "`talk_messages`.`chat_id` = ?",
            "talk_messages_chat (chat_id=?",
        ),
        (
            "max(`talk_messages`.`created_at`)",
            "talk_messages_chat (chat_id=? AND created_at<?)",
        ),
        (
            "min(`talk_messages`.`created_at`)",
            "talk_messages_chat (chat_id=? AND created_at>?)",
        ),
        (
            "`talk_chats`.`channel_of` = ?",
            "talk_chats_channels (channel_of=?",
        ),
        ("`talk_events`.`seq` > ?", "(stream_id=? AND seq>?)"),
    ] {
        let run = heard.run.iter();
        let using: Vec<&String> = run
            .filter(|sql| sql.starts_with("SELECT") && sql.contains(column))
            .collect();
        assert!(!using.is_empty(), "{column}");
        for sql in using {
            let steps = plan(&mut conn, sql).join("\n");
            assert!(steps.contains(index), "{sql}\n{steps}");
        }
    }
}

#[test]
fn statements_of_the_hot_path_are_prepared_once() {
    let (_directory, _conn, heard) = play();
    let anew: Vec<&String> = heard.run.difference(&heard.kept).collect();
    // Statements with lists of ids or kinds vary in length; deletions and retention are rare.
    let rare = |sql: &&String| {
        sql.contains(" IN (")
            || sql.starts_with("UPDATE `talk_events`")
            || sql.contains("SET `reaction_count` = ?")
            || sql.contains("SET `customer_id` = ?")
            || sql.contains("SET `expired_upto` = ?")
    };
    let (rare, hot): (Vec<&String>, Vec<&String>) = anew.iter().partition(|sql| rare(sql));
    assert_eq!(hot, Vec::<&String>::new());
    assert_eq!(rare.len(), 13, "{rare:#?}");
}
