//! Random stories, run by the use cases on a real store.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use serde_json::Value;
use talk_domain::identity::agent::{Agent, PasswordHash};
use talk_domain::kernel::context::{Actor, Context, IdSource, Permission};
use talk_domain::kernel::id::{AgentId, ChatId, CustomerId, MessageId};
use talk_domain::kernel::limits::Limits;
use talk_domain::kernel::log::{Bell, Logged, Portion};
use talk_domain::kernel::page::{Cursor, Order, Page, PageRequest};
use talk_domain::kernel::store::{Store, Unit};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::stream::StreamId;
use talk_domain::talk::chat::create::{CreateChat, create_chat};
use talk_domain::talk::model::chat::ChatKind;
use talk_domain::talk::model::message::MessageFilter;
use talk_domain::talk::unit::{Talk, TalkSnapshot};
use talk_domain::testing::{an_agent, at};
use talk_store_diesel::StoreOptions;
use talk_wire::frame::ChatFrames;
use talk_wire::resource;
use tempfile::TempDir;
use uuid::Uuid;

use super::act::{Refused, act};
use super::fold::Folded;

/// Agents of a customer.
const AGENTS: u64 = 5;

/// A plain generator: stories are the same in every run.
pub(super) struct Random(pub(super) u64);

impl Random {
    /// A number from 0 up to, not including, `n`.
    pub(super) fn below(&mut self, n: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        let at = usize::try_from(self.below(all.len() as u64)).expect("small");
        all[at]
    }
}

/// A bell that records every event.
#[derive(Default)]
struct Recorder(Mutex<HashMap<StreamId, Vec<Arc<Logged>>>>);

impl Bell for Recorder {
    fn ring(&self, committed: &[Arc<Logged>]) {
        let mut chats = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for event in committed {
            chats
                .entry(event.stream)
                .or_default()
                .push(Arc::clone(event));
        }
    }
}

/// A store and its bell.
pub(super) struct World {
    store: Arc<dyn Store<Talk>>,
    bell: Arc<Recorder>,
    clock: AtomicI64,
    _directory: TempDir,
}

/// A customer with its agents.
pub(super) struct Customer {
    id: CustomerId,
    agents: Vec<AgentId>,
}

impl Customer {
    fn unit(&self) -> Unit {
        Unit::of(self.id, "story")
    }
}

impl World {
    pub(super) fn open() -> Self {
        let directory = TempDir::new().expect("a directory");
        let bell = Arc::<Recorder>::default();
        let url = format!("sqlite:{}", directory.path().join("talk.db").display());
        let store = talk_store_diesel::open(
            &url,
            &StoreOptions::default(),
            Arc::new(ChatFrames),
            Arc::<Recorder>::clone(&bell),
        );
        Self {
            store: store.expect("a store"),
            bell,
            clock: AtomicI64::new(1_000_000),
            _directory: directory,
        }
    }

    pub(super) async fn customer(&self, number: u64) -> Customer {
        let id = CustomerId(Uuid::from_u128(0xC000 + u128::from(number)));
        let of_number = |n| {
            let agent = an_agent(u128::from(number * 100 + n));
            Agent {
                customer: id,
                username: format!("agent-{number}-{n}"),
                ..agent
            }
        };
        let agents: Vec<Agent> = (1..=AGENTS).map(of_number).collect();
        let ids = agents.iter().map(|agent| agent.id).collect();
        let added: Result<(), StoreError> = self
            .store
            .write(Unit::of(id, "agents"), move |uow| {
                for agent in &agents {
                    uow.agents().insert(agent, &PasswordHash("-".into()))?;
                }
                Ok(())
            })
            .await;
        added.expect("agents");
        Customer { id, agents: ids }
    }

    fn cx(&self, customer: &Customer, agent: AgentId) -> Context {
        let now = at(self.clock.fetch_add(7, Ordering::Relaxed));
        let actor = Actor {
            customer: customer.id,
            agent,
            permission: Permission::Admin,
        };
        let ids = IdSource::new(now, Uuid::new_v4().as_u128());
        Context::new(actor, now, Limits::default(), ids)
    }

    /// A new chat (or the direct one that is there), or nothing where the rules refuse it.
    pub(super) async fn create(&self, customer: &Customer, random: &mut Random) -> Option<ChatId> {
        let kinds = [ChatKind::Direct, ChatKind::Group, ChatKind::Talk];
        let kind = random.of(&kinds);
        let others = match kind {
            ChatKind::Direct => 1,
            ChatKind::Group | ChatKind::Talk => random.below(AGENTS),
        };
        let command = CreateChat {
            kind,
            name: "N".into(),
            detail: String::new(),
            others: (0..others).map(|_| random.of(&customer.agents)).collect(),
        };
        let cx = self.cx(customer, random.of(&customer.agents));
        let created = self
            .store
            .write(customer.unit(), move |uow| create_chat(uow, &cx, &command));
        created.await.ok().map(|chat| chat.id)
    }

    /// Runs a random command, which may be refused.
    pub(super) async fn step(&self, customer: &Customer, chat: ChatId, random: &mut Random) {
        let agent = random.of(&customer.agents);
        let cx = self.cx(customer, agent);
        let other = random.of(&customer.agents);
        let message = self.some_message(customer, chat, random).await;
        let choice = random.below(20);
        let seq = random.below(40);
        let done: Result<(), Refused> = self
            .store
            .write(customer.unit(), move |uow| {
                act(uow, &cx, (chat, other, message), (choice, seq))
            })
            .await;
        if let Err(Refused::Store(error)) = done {
            panic!("{error}");
        }
    }

    async fn some_message(
        &self,
        customer: &Customer,
        chat: ChatId,
        random: &mut Random,
    ) -> Option<MessageId> {
        let page = self
            .read(customer, move |snapshot| {
                let filter = MessageFilter::default();
                snapshot.messages().in_chat(chat, filter, first(None))
            })
            .await;
        let ids: Vec<_> = page.rows.iter().map(|message| message.id).collect();
        (!ids.is_empty()).then(|| random.of(&ids))
    }

    async fn read<T: Send + 'static>(
        &self,
        customer: &Customer,
        work: impl FnMut(&mut dyn TalkSnapshot) -> Result<T, StoreError> + Send + 'static,
    ) -> T {
        let read = self.store.read(customer.unit(), work).await;
        read.expect("a read")
    }

    /// The chat as it is.
    pub(super) async fn fetch(&self, customer: &Customer, chat: ChatId) -> Folded {
        self.read(customer, move |snapshot| fetch(snapshot, chat))
            .await
    }

    /// The events of a chat as they rang.
    pub(super) fn rung(&self, chat: ChatId) -> Vec<Value> {
        let chats = self.bell.0.lock().unwrap_or_else(PoisonError::into_inner);
        frames(&chats[&chat.into()])
    }

    /// The events of a chat as they are logged.
    pub(super) async fn logged(&self, customer: &Customer, chat: ChatId) -> Vec<Value> {
        let events = self
            .read(customer, move |snapshot| {
                snapshot
                    .events()
                    .after(chat.into(), Portion::new(0, 10_000))
            })
            .await;
        frames(&events.events)
    }

    /// How many events rang in all.
    pub(super) fn events(&self) -> usize {
        let chats = self.bell.0.lock().unwrap_or_else(PoisonError::into_inner);
        chats.values().map(Vec::len).sum()
    }
}

fn first(after: Option<Cursor>) -> PageRequest {
    PageRequest {
        size: 100,
        after,
        order: Order::Ascending,
    }
}

fn all<T>(
    mut page: impl FnMut(PageRequest) -> Result<Page<T>, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let (mut rows, mut after) = (Vec::new(), None);
    loop {
        let found = page(first(after))?;
        rows.extend(found.rows);
        if found.next.is_none() {
            return Ok(rows);
        }
        after = found.next;
    }
}

fn fetch(snapshot: &mut dyn TalkSnapshot, id: ChatId) -> Result<Folded, StoreError> {
    let chat = snapshot.chats().get(id)?.expect("a chat");
    let filter = MessageFilter::default();
    let participants = all(|request| snapshot.participants().page(id, request))?;
    let messages = all(|request| snapshot.messages().in_chat(id, filter, request))?;
    let read = all(|request| snapshot.reads().readers(id, 0, request))?;
    let participants = participants.iter().map(|member| {
        let shown = json(&resource::Participant::from(member));
        (member.agent.to_string(), shown)
    });
    let messages = messages.iter().map(|message| {
        let shown = json(&resource::Message::from(message));
        (message.id.to_string(), shown)
    });
    let read = read
        .iter()
        .map(|mark| (mark.agent.to_string(), json(&mark.place.seq)));
    Ok(Folded {
        chat: json(&resource::Chat::from(&chat)),
        participants: participants.collect::<BTreeMap<_, _>>(),
        messages: messages.collect(),
        read: read.collect(),
    })
}

fn json(shown: &impl Serialize) -> Value {
    serde_json::to_value(shown).expect("JSON")
}

fn frames(events: &[Arc<Logged>]) -> Vec<Value> {
    let frame = |event: &Arc<Logged>| serde_json::from_str(&event.payload).expect("JSON");
    events.iter().map(frame).collect()
}
