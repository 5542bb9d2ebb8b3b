//! A scene: a chat with members and messages behind mocked ports, and a record of the calls of a
//! use case. A call that a test did not set up fails it.

use std::sync::{Arc, Mutex};

use crate::kernel::id::AgentId;
use crate::talk::model::chat::Chat;
use crate::talk::model::event::{Event, EventKind};
use crate::talk::model::message::{Author, Message};
use crate::testing::{MockUnitOfWork, a_participant, an_agent, customer_id};

/// The objects of the scene, and the record of calls.
pub(crate) struct Scene {
    chat: Chat,
    members: Vec<AgentId>,
    former: Vec<AgentId>,
    agents: u128,
    messages: Vec<Message>,
    record: Arc<Mutex<Record>>,
}

#[derive(Default)]
struct Record {
    events: Vec<(u64, EventKind)>,
    said: Vec<String>,
    chat: Option<Chat>,
}

impl Scene {
    /// `chat` with agents 1 to 9 around, none of them in it.
    pub(crate) fn new(chat: Chat) -> Self {
        let record = Arc::default();
        Self {
            chat,
            members: vec![],
            former: vec![],
            agents: 9,
            messages: vec![],
            record,
        }
    }

    /// These are in it.
    pub(crate) fn members(mut self, members: &[AgentId]) -> Self {
        self.members = members.to_vec();
        self.chat.member_count = u32::try_from(members.len()).unwrap();
        self
    }

    /// These were in it once.
    pub(crate) fn former(mut self, former: &[AgentId]) -> Self {
        self.former = former.to_vec();
        self
    }

    /// These were said in it.
    pub(crate) fn messages(mut self, messages: &[Message]) -> Self {
        self.messages = messages.to_vec();
        self
    }

    /// The unit of work to run a use case on.
    pub(crate) fn unit(&self) -> MockUnitOfWork {
        let mut uow = MockUnitOfWork::default();
        self.chats(&mut uow);
        self.participants(&mut uow);
        self.said(&mut uow);
        uow.frames.expect_encode().returning(|_, seq, event| {
            if let Event::MessagePosted(message) = event {
                assert_eq!(message.seq, seq, "a message knows its event");
            }
            "{}".to_owned()
        });
        let record = Arc::clone(&self.record);
        uow.events
            .expect_append()
            .returning(move |stream, tick, _, entry| {
                let kind = EventKind::parse(entry.kind.as_str()).unwrap();
                record.lock().unwrap().events.push((tick.seq, kind));
                Ok(Arc::new(entry.logged(customer_id(), stream, tick.seq)))
            });
        uow
    }

    fn chats(&self, uow: &mut MockUnitOfWork) {
        let (chat, record) = (self.chat.clone(), Arc::clone(&self.record));
        uow.chats.expect_lock().returning(move |id| {
            let saved = record.lock().unwrap().chat.clone();
            let chat = saved.unwrap_or_else(|| chat.clone());
            Ok(Some(chat).filter(|chat| chat.id == id))
        });
        let chat = self.chat.clone();
        uow.chats
            .expect_lock_direct()
            .returning(move |pair| Ok(Some(chat.clone()).filter(|chat| chat.pair == Some(pair))));
        uow.chats.expect_insert().returning(|_| Ok(true));
        let record = Arc::clone(&self.record);
        uow.chats.expect_update().returning(move |chat| {
            record.lock().unwrap().chat = Some(chat.clone());
            Ok(())
        });
    }

    fn participants(&self, uow: &mut MockUnitOfWork) {
        let (members, of) = (self.members.clone(), self.chat.id);
        uow.participants
            .expect_find()
            .returning(move |chat, agent| {
                Ok((chat == of && members.contains(&agent)).then(|| a_participant(agent)))
            });
        let members = self.members.clone();
        uow.participants.expect_get().returning(move |chat, id| {
            let found = members
                .iter()
                .map(|agent| a_participant(*agent))
                .find(|p| p.id == id);
            Ok(found.filter(|_| chat == of))
        });
        let (former, last) = (self.former.clone(), self.chat.last.seq);
        uow.participants
            .expect_left()
            .returning(move |_, agent| Ok(former.contains(&agent).then_some(last)));
        uow.participants.expect_insert().returning(|_, _| Ok(true));
        uow.participants.expect_remove().returning(|_, _| Ok(true));
        let agents = self.agents;
        uow.agents
            .expect_get()
            .returning(move |id| Ok((1..=agents).map(an_agent).find(|agent| agent.id == id)));
    }

    fn said(&self, uow: &mut MockUnitOfWork) {
        let messages = self.messages.clone();
        uow.messages
            .expect_get()
            .returning(move |id| Ok(messages.iter().find(|message| message.id == id).cloned()));
        let messages = self.messages.clone();
        uow.messages.expect_chat_of().returning(move |id| {
            Ok(messages
                .iter()
                .find(|message| message.id == id)
                .map(|message| message.chat))
        });
        let record = Arc::clone(&self.record);
        uow.messages.expect_insert().returning(move |message| {
            if matches!(message.author, Author::System(_)) {
                record.lock().unwrap().said.push(message.text.clone());
            }
            Ok(())
        });
    }

    /// The kinds of the events logged, after checking that they follow the chat's log gap-free.
    pub(crate) fn events(&self) -> Vec<EventKind> {
        let events = self.record.lock().unwrap().events.clone();
        let first = events.first().map_or(0, |(seq, _)| *seq);
        for (expected, (seq, _)) in (first..).zip(&events) {
            assert_eq!(*seq, expected, "seq has no gaps");
        }
        if let (Some(chat), Some((last, _))) = (self.saved(), events.last()) {
            assert_eq!(chat.last.seq, *last, "the chat knows its last event");
        }
        events.into_iter().map(|(_, kind)| kind).collect()
    }

    /// The texts of the recorded system messages.
    pub(crate) fn announced(&self) -> Vec<String> {
        self.record.lock().unwrap().said.clone()
    }

    /// The chat as it was stored last, if it was.
    pub(crate) fn saved(&self) -> Option<Chat> {
        self.record.lock().unwrap().chat.clone()
    }
}
