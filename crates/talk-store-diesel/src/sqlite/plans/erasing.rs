//! Erasing requests, for the query plans of their statements.

use talk_domain::kernel::context::{Context, IdSource};
use talk_domain::kernel::time::Timestamp;
use talk_domain::talk::chat::create::{CreateChat, create_chat};
use talk_domain::talk::chat::delete::delete_chat;
use talk_domain::talk::chat::remove::remove_chat;
use talk_domain::talk::message::post::post_message;
use talk_domain::talk::model::chat::ChatKind;
use talk_domain::talk::model::retention::Expiry;
use talk_domain::talk::retention::expire::expire_messages;
use talk_domain::talk::retention::trim::trim_log;
use talk_domain::talk::unit::{TalkSnapshot, TalkUnit};
use talk_domain::testing::{agent_id, at, context};

use super::said;

/// Everything has expired but for the latest event.
const fn everything() -> Expiry {
    let now = Timestamp::from_micros(1_000_000_000_000);
    Expiry {
        messages: now,
        deleted_chats: now,
        log: now,
        log_events: 1,
    }
}

/// Removes a chat with a message, and some of it before.
pub(super) fn remove_another(uow: &mut dyn TalkUnit) {
    let own = context(agent_id(1));
    let ids = IdSource::new(at(2_000_000), 0);
    let cx = Context::new(own.actor, own.now, own.limits, ids);
    let command = CreateChat {
        kind: ChatKind::Group,
        name: String::new(),
        detail: String::new(),
        others: vec![],
    };
    let chat = create_chat(uow, &cx, &command).unwrap();
    post_message(uow, &cx, &said(chat.id, "gone")).unwrap();
    let expiry = everything();
    assert_eq!(expire_messages(uow, &cx, &expiry, chat.id).unwrap().rows, 1);
    assert!(trim_log(uow, &expiry, chat.id).unwrap().rows > 0);
    delete_chat(uow, &cx, chat.id).unwrap();
    uow.participants().left(chat.id, agent_id(1)).unwrap();
    assert!(!remove_chat(uow, chat.id).unwrap().is_more);
}

/// Looks for what may have expired.
pub(super) fn look(snapshot: &mut dyn TalkSnapshot) {
    let aged = snapshot.retention().chats(None, 10).unwrap();
    snapshot
        .retention()
        .next_message(aged[0].chat.id, at(0))
        .unwrap();
    snapshot.retention().first_event(aged[0].chat.id).unwrap();
}
