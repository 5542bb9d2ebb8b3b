//! Fills the database of a measured server with agents who share chats, through the store and the
//! use cases but without hashing passwords.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use talk_domain::identity::agent::create::{CreateAgent, CreateAgentError, create_agent};
use talk_domain::identity::agent::{Agent, PasswordHash};
use talk_domain::identity::credentials::Tokens as _;
use talk_domain::identity::customer::Customer;
use talk_domain::kernel::context::{Actor, Context, IdSource, Permission};
use talk_domain::kernel::id::{AgentId, ChatId, CustomerId};
use talk_domain::kernel::limits::Limits;
use talk_domain::kernel::store::{Store, Unit};
use talk_domain::kernel::time::Timestamp;
use talk_domain::talk::chat::create::{CreateChat, CreateChatError, create_chat};
use talk_domain::talk::message::post::{PostMessage, PostMessageError, post_message};
use talk_domain::talk::model::chat::ChatKind;
use talk_domain::talk::unit::Talk;
use talk_identity::SignedTokens;
use talk_store_diesel::{StoreOptions, open};
use talk_testkit::Silent;
use talk_wire::frame::ChatFrames;
use tempfile::TempDir;
use uuid::Uuid;

/// The secret with which the measured servers sign tokens.
pub(crate) const SECRET: &str = "only-for-the-benchmark-0123456789abcdef";

/// The text of all messages.
pub(crate) const TEXT: &str = "Hello team, let us discuss the status.";

/// Agents that one unit of work creates.
const UNIT: usize = 1_000;

/// The directory of a database.
enum Place {
    Temporary(TempDir),
    Kept(PathBuf),
}

/// A filled database.
pub(crate) struct World {
    place: Place,
    tokens: SignedTokens,
    agents: Vec<Agent>,
    /// Its chats, in the order in which their members come.
    pub(crate) chats: Vec<ChatId>,
}

impl World {
    /// Creates a database of `agents` agents below `dir`, in chats of `members` each. It is deleted
    /// when it is dropped.
    pub(crate) async fn temporary(dir: &Path, agents: usize, members: usize) -> Result<Self> {
        let place = Place::Temporary(TempDir::with_prefix_in("bench-", dir)?);
        let now = now()?;
        let mut world = Self::empty(place, agents, now)?;
        let store = world.open()?;
        world.populate(&store, now).await?;
        for (n, group) in world.agents.chunks(members).enumerate() {
            let chat = create(&store, group, n, now).await?;
            world.chats.push(chat);
        }
        Ok(world)
    }

    /// Creates a database of customers with `sizes` agents each, the first two of each in a chat.
    /// It is deleted when it is dropped.
    pub(crate) async fn of_customers(dir: &Path, sizes: &[usize]) -> Result<Self> {
        let place = Place::Temporary(TempDir::with_prefix_in("bench-", dir)?);
        let now = now()?;
        let mut world = Self::empty(place, 0, now)?;
        for (customer, size) in sizes.iter().enumerate() {
            let first = world.agents.len();
            let agents = (first..first + size).map(|n| agent(n, customer_id(customer), now));
            world.agents.extend(agents);
        }
        let store = world.open()?;
        world.populate(&store, now).await?;
        let customers = world.agents.chunk_by(|a, b| a.customer == b.customer);
        for (n, agents) in customers.enumerate() {
            let pair = agents.get(..2).unwrap_or(agents);
            world.chats.push(create(&store, pair, n, now).await?);
        }
        Ok(world)
    }

    /// The world of one agent that is kept in `dir`: with chats if it has been there before.
    pub(crate) fn kept(dir: &Path, chats: Vec<ChatId>, now: Timestamp) -> Result<Self> {
        std::fs::create_dir_all(dir)?;
        let mut world = Self::empty(Place::Kept(dir.to_owned()), 1, now)?;
        world.chats = chats;
        Ok(world)
    }

    fn empty(place: Place, agents: usize, now: Timestamp) -> Result<Self> {
        Ok(Self {
            place,
            tokens: SignedTokens::new(&SECRET.into(), 30 * 24 * 3_600, None)?,
            agents: (0..agents).map(|n| agent(n, customer_id(0), now)).collect(),
            chats: Vec::new(),
        })
    }

    /// Returns the directory of its files.
    pub(crate) fn dir(&self) -> &Path {
        match &self.place {
            Place::Temporary(dir) => dir.path(),
            Place::Kept(dir) => dir,
        }
    }

    /// Its database.
    pub(crate) fn url(&self) -> String {
        format!("sqlite:{}", self.dir().join("talk.db").display())
    }

    /// Opens its database. No server may use it meanwhile.
    pub(crate) fn open(&self) -> Result<Arc<dyn Store<Talk>>> {
        let (options, bell) = (StoreOptions::default(), Arc::new(Silent));
        Ok(open(&self.url(), &options, Arc::new(ChatFrames), bell)?)
    }

    /// Writes its customers and agents.
    pub(crate) async fn populate(
        &self,
        store: &Arc<dyn Store<Talk>>,
        now: Timestamp,
    ) -> Result<()> {
        for agents in self.agents.chunk_by(|a, b| a.customer == b.customer) {
            let id = agents.first().context("an agent")?.customer;
            let mut customer = Some(Customer::new(id, "bench", now)?);
            for agents in agents.chunks(UNIT) {
                let (agents, first) = (agents.to_vec(), customer.take());
                let written = store.write(Unit::of(id, "bench_agents"), move |uow| {
                    if let Some(customer) = &first {
                        uow.customers().insert(customer)?;
                    }
                    for agent in &agents {
                        create_agent(uow, None, &creation(agent), (now, &Limits::default()))?;
                    }
                    Ok::<_, CreateAgentError>(())
                });
                written.await?;
            }
        }
        Ok(())
    }

    /// Creates the `n`th chat of all agents, and has the first of them post `messages`, a
    /// millisecond apart.
    pub(crate) async fn fill(
        &mut self,
        store: &Arc<dyn Store<Talk>>,
        (n, messages): (usize, usize),
        start: Timestamp,
    ) -> Result<()> {
        let chat = create(store, &self.agents, n, start).await?;
        self.chats.push(chat);
        let said = |message| format!("{TEXT} {message}");
        let author = self.agents.first().context("an agent")?;
        post_all(store, (author, n, messages), (chat, start), said).await
    }

    /// Creates a chat of the `n`th agent and the next one at `start`. Posts as many messages of the
    /// `n`th agent in it, each a millisecond later than the one before.
    pub(crate) async fn say(
        &mut self,
        store: &Arc<dyn Store<Talk>>,
        (n, messages): (usize, usize),
        start: Timestamp,
        said: impl Fn(usize) -> String + Copy + Send + 'static,
    ) -> Result<()> {
        let members = self.agents.get(n..n + 2).context("no such agents")?;
        let author = members.first().context("no such agent")?;
        let number = self.chats.len();
        let chat = create(store, members, number, start).await?;
        post_all(store, (author, number, messages), (chat, start), said).await?;
        self.chats.push(chat);
        Ok(())
    }

    /// The id of the customer of the `n`th agent.
    pub(crate) fn customer(&self, n: usize) -> Result<CustomerId> {
        Ok(self.agents.get(n).context("no such agent")?.customer)
    }

    /// A token of the `n`th agent.
    pub(crate) fn token(&self, n: usize) -> Result<String> {
        let agent = self.agents.get(n).context("no such agent")?;
        let (token, _) = self.tokens.issue(agent, Uuid::now_v7().into(), now()?)?;
        Ok(token)
    }

    /// The topic that carries the events of the `n`th agent's chats.
    pub(crate) fn topic(&self, n: usize) -> Result<String> {
        let agent = self.agents.get(n).context("no such agent")?;
        Ok(format!("agent_id:{}:chat", agent.id.0))
    }

    /// The id of the `n`th agent.
    pub(crate) fn agent(&self, n: usize) -> Result<AgentId> {
        Ok(self.agents.get(n).context("no such agent")?.id)
    }

    /// The first chat.
    pub(crate) fn chat(&self) -> Result<ChatId> {
        self.chats.first().copied().context("a chat")
    }
}

/// The time.
pub(crate) fn now() -> Result<Timestamp> {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    Timestamp::from_micros(i64::try_from(since.as_micros())?).context("the clock is wrong")
}

/// The id of the `n`th customer.
fn customer_id(n: usize) -> CustomerId {
    CustomerId(Uuid::from_u128(0xC + u128::try_from(n).unwrap_or(0)))
}

fn agent(n: usize, customer: CustomerId, now: Timestamp) -> Agent {
    let id = u128::try_from(n).unwrap_or(0);
    let creation = (
        AgentId(Uuid::from_u128(0xA << 64 | id)),
        format!("bench-{n}"),
    );
    Agent {
        id: creation.0,
        customer,
        username: creation.1,
        name: String::new(),
        detail: String::new(),
        permission: Permission::Admin,
        status: talk_domain::identity::agent::AgentStatus::Active,
        token_generation: 0,
        created: now,
        updated: now,
        deleted: None,
    }
}

/// Without a usable password.
fn creation(agent: &Agent) -> CreateAgent {
    CreateAgent {
        id: agent.id,
        customer: agent.customer,
        username: agent.username.clone(),
        name: agent.name.clone(),
        detail: agent.detail.clone(),
        permission: agent.permission,
        password: PasswordHash(String::new()),
    }
}

fn actor(agent: &Agent) -> Actor {
    Actor {
        customer: agent.customer,
        agent: agent.id,
        permission: agent.permission,
    }
}

fn context(actor: Actor, now: Timestamp, (chat, message): (usize, usize)) -> Context {
    let number = |n: usize| u128::try_from(n).unwrap_or(0);
    let limits = Limits {
        participants: usize::MAX,
        ..Limits::default()
    };
    let ids = IdSource::new(now, number(chat) << 56 | number(message) << 16);
    Context::new(actor, now, limits, ids)
}

async fn create(
    store: &Arc<dyn Store<Talk>>,
    members: &[Agent],
    n: usize,
    now: Timestamp,
) -> Result<ChatId> {
    let actor = actor(members.first().context("a chat of nobody")?);
    let command = CreateChat {
        kind: ChatKind::Group,
        name: "bench".to_owned(),
        detail: String::new(),
        others: members.iter().skip(1).map(|agent| agent.id).collect(),
    };
    // Ids that differ from the ids of messages, which begin with the same time.
    let cx = context(actor, now, (n + (1 << 16), 0));
    let unit = Unit::of(actor.customer, "bench_chat");
    let chat = store.write(unit, move |uow| create_chat(uow, &cx, &command));
    let chat: Result<_, CreateChatError> = chat.await;
    Ok(chat?.id)
}

/// Posts messages of an agent in a chat, each a millisecond later than the one before. The ids of the
/// messages are made from `n`, which no other chat may have.
async fn post_all(
    store: &Arc<dyn Store<Talk>>,
    (author, n, messages): (&Agent, usize, usize),
    (chat, start): (ChatId, Timestamp),
    said: impl Fn(usize) -> String + Copy + Send + 'static,
) -> Result<()> {
    let actor = actor(author);
    for first in (0..messages).step_by(UNIT) {
        let range = first..messages.min(first + UNIT);
        let unit = Unit::of(actor.customer, "bench_messages");
        let written = store.write(unit, move |uow| {
            for message in range.clone() {
                let at = i64::try_from(message).unwrap_or(0) * 1_000 + start.as_micros();
                let at = Timestamp::from_micros(at).unwrap_or(start);
                let command = PostMessage {
                    chat,
                    parent: None,
                    text: said(message),
                    medias: Vec::new(),
                };
                post_message(uow, &context(actor, at, (n, message)), &command)?;
            }
            Ok::<_, PostMessageError>(())
        });
        written.await?;
    }
    Ok(())
}
