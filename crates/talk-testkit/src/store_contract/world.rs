//! The fixture of the contract: two customers, their agents, and a clock that rises.

use std::any::Any;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use conversation_domain::model::event as conversation;
use conversation_domain::unit::Conversations;
use talk_domain::identity::agent::{Agent, PasswordHash};
use talk_domain::kernel::context::{Actor, Context, IdSource};
use talk_domain::kernel::error::DomainError;
use talk_domain::kernel::id::{AgentId, ChatId, ConversationId, CustomerId};
use talk_domain::kernel::limits::Limits;
use talk_domain::kernel::log::{Bell, Logged, Portion};
use talk_domain::kernel::store::{Store, Unit};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::chat::create::{CreateChat, create_chat};
use talk_domain::talk::message::post::{PostMessage, post_message};
use talk_domain::talk::model::chat::{Chat, ChatKind};
use talk_domain::talk::model::event::{Event, EventKind, FrameEncoder};
use talk_domain::talk::model::message::Message;
use talk_domain::talk::unit::{Talk, TalkSnapshot, TalkUnit};
use talk_domain::testing::{actor, agent_id, an_agent, at, customer_id};
use uuid::Uuid;

use super::{Factory, Setup};

/// Agents 1 to this one are customer C's.
pub const AGENTS: u128 = 12;

/// The other customer; agent 21 is its only one.
#[must_use]
pub fn other_customer() -> CustomerId {
    CustomerId(Uuid::from_u128(0xD))
}

/// Encodes kind, `seq` and text.
#[derive(Clone, Copy, Debug)]
pub struct PlainEncoder;

impl FrameEncoder for PlainEncoder {
    fn encode(&self, _: ChatId, seq: u64, event: Event<'_>) -> String {
        let text = match event {
            Event::MessagePosted(message)
            | Event::MessageEdited(message)
            | Event::MessageDeleted(message)
            | Event::ReactionAdded(message, _)
            | Event::ReactionRemoved(message, _) => &message.text,
            _ => "",
        };
        frame(event.kind(), seq, text)
    }

    fn encode_redacted(&self, kind: EventKind, seq: u64, tombstone: &Message) -> String {
        frame(kind, seq, &format!("{}(gone)", tombstone.text))
    }
}

impl conversation::FrameEncoder for PlainEncoder {
    fn encode_conversation(
        &self,
        _: ConversationId,
        seq: u64,
        event: conversation::Event<'_>,
    ) -> String {
        format!("{} {seq}", event.kind().as_str())
    }
}

fn frame(kind: EventKind, seq: u64, text: &str) -> String {
    format!("{} {seq} {text}", kind.as_str())
}

/// A bell that records its events.
#[derive(Default)]
pub struct Recorder(Mutex<Vec<Arc<Logged>>>);

impl Bell for Recorder {
    fn ring(&self, committed: &[Arc<Logged>]) {
        self.0.lock().unwrap().extend_from_slice(committed);
    }
}

impl Recorder {
    /// The events so far.
    #[must_use]
    pub fn heard(&self) -> Vec<Arc<Logged>> {
        self.0.lock().unwrap().clone()
    }
}

/// A store with customers and agents.
pub struct World {
    /// The store under test.
    pub store: Arc<dyn Store<Talk>>,
    /// The same store, for conversations with people outside.
    pub conversations: Arc<dyn Store<Conversations>>,
    /// Its bell.
    pub bell: Arc<Recorder>,
    clock: AtomicI64,
    _keep: Box<dyn Any + Send + Sync>,
}

impl World {
    /// Opens a store with the agents of both customers.
    pub async fn open(factory: Factory) -> Arc<Self> {
        Self::with_queue(factory, 1024).await
    }

    /// Opens a store in which `queue` units may wait.
    pub async fn with_queue(factory: Factory, queue: usize) -> Arc<Self> {
        Self::with(factory, queue, Duration::from_secs(600)).await
    }

    /// Opens a store in which a read may run for `read_timeout`.
    pub async fn with_read_timeout(factory: Factory, read_timeout: Duration) -> Arc<Self> {
        Self::with(factory, 1024, read_timeout).await
    }

    async fn with(factory: Factory, queue: usize, read_timeout: Duration) -> Arc<Self> {
        let bell = Arc::<Recorder>::default();
        let opened = factory(Setup {
            encoder: Arc::new(PlainEncoder),
            bell: Arc::<Recorder>::clone(&bell),
            queue,
            read_timeout,
        });
        let world = Self {
            store: opened.store,
            conversations: opened.conversations,
            bell,
            clock: AtomicI64::new(1_000_000),
            _keep: opened.keep,
        };
        let own: Vec<Agent> = (1..=AGENTS).map(an_agent).collect();
        world.add_agents(customer_id(), own).await;
        let stranger = Agent {
            customer: other_customer(),
            ..an_agent(21)
        };
        world.add_agents(other_customer(), vec![stranger]).await;
        Arc::new(world)
    }

    async fn add_agents(&self, customer: CustomerId, agents: Vec<Agent>) {
        self.write_as(customer, move |uow| {
            for agent in &agents {
                assert!(uow.agents().insert(agent, &PasswordHash("hash".into()))?);
            }
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
    }

    /// The context of a new request of agent `n`, later than the one before.
    pub fn cx(&self, n: u128) -> Context {
        self.cx_of(actor(agent_id(n)))
    }

    /// The context of a new request of the other customer's agent.
    pub fn strangers_cx(&self) -> Context {
        self.cx_of(Actor {
            customer: other_customer(),
            ..actor(agent_id(21))
        })
    }

    fn cx_of(&self, actor: Actor) -> Context {
        let now = at(self.clock.fetch_add(1_000, Ordering::Relaxed));
        let ids = IdSource::new(now, Uuid::new_v4().as_u128());
        Context::new(actor, now, Limits::default(), ids)
    }

    /// Runs a unit of customer C.
    ///
    /// # Errors
    /// Those of `work`.
    pub async fn write<T, E>(
        &self,
        work: impl FnMut(&mut dyn TalkUnit) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + DomainError,
    {
        self.write_as(customer_id(), work).await
    }

    /// Runs a unit of `customer`.
    ///
    /// # Errors
    /// Those of `work`.
    pub async fn write_as<T, E>(
        &self,
        customer: CustomerId,
        work: impl FnMut(&mut dyn TalkUnit) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + DomainError,
    {
        self.store.write(Unit::of(customer, "contract"), work).await
    }

    /// Reads as customer C.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut dyn TalkSnapshot) -> Result<T, StoreError> + Send + 'static,
    ) -> T {
        self.read_as(customer_id(), work).await
    }

    /// Reads as `customer`.
    pub async fn read_as<T: Send + 'static>(
        &self,
        customer: CustomerId,
        work: impl FnMut(&mut dyn TalkSnapshot) -> Result<T, StoreError> + Send + 'static,
    ) -> T {
        self.store
            .read(Unit::of(customer, "contract"), work)
            .await
            .unwrap()
    }

    /// A new chat of agent `creator` with `others`.
    pub async fn chat(&self, kind: ChatKind, creator: u128, others: &[u128]) -> Chat {
        let cx = self.cx(creator);
        let command = CreateChat {
            kind,
            name: "Project".into(),
            detail: String::new(),
            others: others.iter().map(|n| agent_id(*n)).collect(),
        };
        self.write(move |uow| create_chat(uow, &cx, &command))
            .await
            .unwrap()
    }

    /// A new channel of agent 1 with this card.
    pub async fn channel(&self, name: &str, detail: &str) -> Chat {
        let cx = self.cx(1);
        let command = CreateChat {
            kind: ChatKind::Talk,
            name: name.into(),
            detail: detail.into(),
            others: vec![],
        };
        self.write(move |uow| create_chat(uow, &cx, &command))
            .await
            .unwrap()
    }

    /// Posts `text` as agent `n`.
    pub async fn post(&self, n: u128, chat: ChatId, text: &str) -> Message {
        self.reply(n, chat, text, None).await
    }

    /// Replies to `parent` as agent `n`.
    pub async fn reply(
        &self,
        n: u128,
        chat: ChatId,
        text: &str,
        parent: Option<&Message>,
    ) -> Message {
        let cx = self.cx(n);
        let command = PostMessage {
            chat,
            parent: parent.map(|parent| parent.id),
            text: text.into(),
            medias: vec![],
        };
        let write = self.write(move |uow| post_message(uow, &cx, &command));
        write.await.unwrap().message
    }

    /// The whole log of a chat.
    pub async fn log(&self, chat: ChatId) -> Vec<Arc<Logged>> {
        let all = Portion::new(0, 10_000);
        self.read(move |snapshot| Ok(snapshot.events().after(chat.into(), all)?.events))
            .await
    }

    /// The chat as it is stored.
    pub async fn stored(&self, chat: ChatId) -> Chat {
        self.read(move |snapshot| snapshot.chats().get(chat))
            .await
            .unwrap()
    }

    /// The members of a chat.
    pub async fn members(&self, chat: ChatId) -> Vec<AgentId> {
        let request = super::paging::first(100);
        let page = self
            .read(move |snapshot| snapshot.participants().page(chat, request))
            .await;
        page.rows.iter().map(|member| member.agent).collect()
    }
}
