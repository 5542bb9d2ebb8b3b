use conversation_domain::conversation::delete::delete_conversation;
use conversation_domain::message::receive::{Arrival, Incoming, receive_message};
use conversation_domain::message::send::{SendMessage, send_message};
use conversation_domain::model::account::Account;
use conversation_domain::model::address::{Address, AddressKind};
use conversation_domain::participant::add::{Newcomer, add_participant};
use conversation_domain::testing::{a_receipt, account_id, an_account, an_sms_account, visitor};
use conversation_domain::unit::ConversationUnit;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use talk_domain::kernel::context::{Context, IdSource};
use talk_domain::kernel::id::ConversationId;
use talk_domain::kernel::store::Unit;
use talk_domain::testing::{admin_context, agent_id, at, customer_id};

use crate::connection::AnyConnection;
use crate::portable::fast::batch_cache::BatchCache;
use crate::portable::fast::chats::flush;
use crate::portable::unit::DieselUnit;
use crate::sqlite::connection;
use crate::sqlite::file::examine::problems;
use crate::sqlite::plans::{Plain, play};

fn ids(n: u32) -> IdSource {
    IdSource::new(at(5_000_000 + i64::from(n)), u128::from(n) << 8)
}

fn cx(n: u32) -> Context {
    let own = admin_context(agent_id(1));
    Context::new(own.actor, at(10_000 + i64::from(n)), own.limits, ids(n))
}

fn receive(
    uow: &mut dyn ConversationUnit,
    n: u32,
    account: &Account,
    peer: Address,
) -> ConversationId {
    let number = |number: &String| Address {
        kind: AddressKind::Tel,
        target: number.clone(),
        target_name: String::new(),
    };
    let incoming = Incoming {
        medias: Vec::new(),
        account: account.id,
        event: format!("event-{n}"),
        own: account.numbers.first().map(number),
        peer,
        text: "Hello".into(),
        consent: None,
    };
    let arrival = Arrival {
        now: at(10_000 + i64::from(n)),
        ids: ids(n),
    };
    let received = receive_message(uow, &arrival, &incoming).unwrap();
    received.into_message().conversation
}

/// Makes a conversation by SMS with two messages that wait, one in a web chat with a participant, one
/// that is deleted, and a receipt.
fn converse(uow: &mut dyn ConversationUnit) {
    let sms = Account {
        id: account_id(9),
        ..an_sms_account()
    };
    for account in [&an_account(), &sms] {
        uow.accounts().insert(account).unwrap();
    }
    let person = Address {
        kind: AddressKind::Tel,
        target: "+15550199".into(),
        target_name: String::new(),
    };
    let by_sms = receive(uow, 10, &sms, person);
    for (n, text) in [(20, "one"), (21, "two")] {
        let command = SendMessage {
            files: Vec::new(),
            conversation: by_sms,
            text: text.into(),
        };
        send_message(uow, &cx(n), &command).unwrap();
    }
    let chat = receive(uow, 30, &an_account(), visitor(1));
    let newcomer = Newcomer::Agent(agent_id(2));
    add_participant(uow, &cx(31), (chat, &newcomer), 10).unwrap();
    let gone = receive(uow, 40, &an_account(), visitor(2));
    delete_conversation(uow, &cx(41), gone).unwrap();
    uow.receipts().insert(&a_receipt()).unwrap();
}

/// Returns the problems found after `tampering` with a sound database that has conversations.
fn after(tampering: &str) -> Vec<String> {
    let (_directory, mut conn, _) = play();
    let unit = Unit::of(customer_id(), "conversations");
    let mut uow = DieselUnit::new(&mut conn, unit, &Plain, BatchCache::default());
    converse(&mut uow);
    let mut done = uow.into_done();
    flush(&mut conn, &mut done.cache).unwrap();
    let AnyConnection::Sqlite(mut conn) = conn;
    connection::epoch(&mut conn).unwrap();
    let customers =
        "INSERT INTO talk_customers SELECT DISTINCT customer_id, 'C', 0, 0 FROM talk_agents";
    diesel::sql_query(customers).execute(&mut conn).unwrap();
    conn.batch_execute(tampering).unwrap();
    problems(&mut conn).unwrap()
}

fn is_found((tampering, expected): (&str, &str)) {
    let problems = after(tampering);
    let is_found = problems.iter().any(|problem| problem.contains(expected));
    assert!(is_found, "{tampering}: {problems:?}");
}

/// CONV-61.
#[test]
fn sound_conversations_have_no_problems() {
    let problems = after("SELECT 1");
    assert!(problems.is_empty(), "{problems:?}");
}

/// CONV-61.
#[test]
fn a_lost_or_wrong_row_of_a_conversation_is_found() {
    for case in [
        (
            "DELETE FROM talk_customers",
            "conversation accounts without their customer",
        ),
        (
            "DELETE FROM talk_customers",
            "conversations without their customer",
        ),
        ("DELETE FROM talk_rooms", "conversations without their room"),
        (
            "DELETE FROM talk_rooms",
            "conversations without their conversation and room",
        ),
        (
            "DELETE FROM talk_conversations",
            "rooms without their conversation",
        ),
        (
            "UPDATE talk_rooms SET room_key = NULL",
            "rooms without a key",
        ),
        (
            "UPDATE talk_rooms SET room_key = id",
            "deleted conversations that still have their key",
        ),
        (
            "UPDATE talk_rooms SET room_key = id",
            "rooms whose key is not that of their addresses",
        ),
        (
            "UPDATE talk_rooms SET peer_target = '+15550198'",
            "not that of their addresses",
        ),
    ] {
        is_found(case);
    }
}

/// CONV-61.
#[test]
fn lost_or_wrong_people_of_a_conversation_are_found() {
    for case in [
        ("DELETE FROM talk_cleanups", "rows of deleted conversations"),
        (
            "DELETE FROM talk_conversation_participants",
            "another number of participants",
        ),
        (
            "UPDATE talk_conversations SET participants = 7",
            "another number of participants",
        ),
        (
            "DELETE FROM talk_conversations",
            "participants of conversations without",
        ),
        (
            "UPDATE talk_agents SET deleted_at = 1 WHERE username LIKE '%2'",
            "owners and participants of conversations that are deleted",
        ),
        (
            "UPDATE talk_conversations SET owner_id = x'01' WHERE participants = 0",
            "owners and participants of conversations that are deleted",
        ),
        (
            "INSERT INTO talk_conversation_marks SELECT id, x'01', customer_id, last_seq + 1, 0 FROM \
             talk_conversations",
            "read marks of conversations",
        ),
        (
            "DELETE FROM talk_conversations",
            "events without their conversation",
        ),
    ] {
        is_found(case);
    }
}

/// CONV-61.
#[test]
fn a_lost_or_wrong_message_job_or_event_of_a_conversation_is_found() {
    for case in [
        (
            "DELETE FROM talk_events WHERE seq = 2",
            "conversations whose log has gaps",
        ),
        (
            "UPDATE talk_conversations SET last_seq = last_seq + 1",
            "conversations whose log has gaps",
        ),
        (
            "UPDATE talk_conversations SET last_seq = last_seq - 1",
            "conversations whose log has gaps",
        ),
        (
            "DELETE FROM talk_conversations",
            "messages of conversations without their conversation",
        ),
        (
            "DELETE FROM talk_events WHERE seq = 2",
            "without the event that tells of them",
        ),
        (
            "DELETE FROM talk_conversation_messages",
            "events that tell of messages of conversations",
        ),
        (
            "UPDATE talk_agents SET deleted_at = 1, password_hash = ''",
            "messages of erased agents to people outside",
        ),
        (
            "UPDATE talk_conversation_messages SET deleted_at = 1",
            "deleted messages of conversations that have a text",
        ),
        (
            "DELETE FROM talk_send_jobs",
            "messages that wait to be sent",
        ),
        (
            "DELETE FROM talk_conversation_messages",
            "jobs without a message",
        ),
        (
            "UPDATE talk_conversation_messages SET delivery = 'sent'",
            "jobs without a message",
        ),
        (
            "UPDATE talk_send_jobs SET due_at = NULL",
            "first job is never due",
        ),
        (
            "UPDATE talk_receipts SET waiting_since = NULL",
            "receipts that have had their effect",
        ),
        (
            "UPDATE talk_receipts SET state = 'done', waiting_since = NULL",
            "receipts that have had their effect",
        ),
    ] {
        is_found(case);
    }
}
