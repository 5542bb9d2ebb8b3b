//! The demo that `dev` serves: one customer, three agents, one group chat.

mod webchat;

use std::sync::Arc;

use anyhow::anyhow;
use talk_domain::identity::agent::create::{CreateAgent, CreateAgentError, create_agent};
use talk_domain::identity::agent::{Agent, PasswordHash};
use talk_domain::identity::credentials::Passwords;
use talk_domain::identity::customer::Customer;
use talk_domain::kernel::context::{Actor, Context, IdSource, Permission};
use talk_domain::kernel::id::{ChatId, CustomerId};
use talk_domain::kernel::limits::Limits;
use talk_domain::kernel::store::{Store, Unit};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::chat::create::{CreateChat, CreateChatError, create_chat};
use talk_domain::talk::chat::list::list_chats;
use talk_domain::talk::model::chat::{ChatFilter, ChatKind, ChatStatus};
use talk_domain::talk::unit::Talk;
use uuid::Uuid;

use crate::failure::Failure;
use crate::installation::{fresh, now, random, refused};
use crate::operate::all;
use crate::settings::SettingsError;
pub(crate) use webchat::web_chat;

/// The password of all agents of the demo.
pub(crate) const PASSWORD: &str = "talk-demo";

/// The demo's customer. Its id is fixed, so that a database with the demo can be recognised.
const CUSTOMER: CustomerId = CustomerId(Uuid::from_u128(0x0de3_0000_0000_7000_8000_0000_0000_0001));

const USERNAMES: [(&str, &str, Permission); 3] = [
    ("alice", "Alice", Permission::Admin),
    ("bob", "Bob", Permission::Agent),
    ("carol", "Carol", Permission::Agent),
];

/// The agents and the chat of the demo, for the banner.
pub(crate) struct Demo {
    /// Alice, Bob and Carol.
    pub(crate) agents: Vec<Agent>,
    /// The chat of the three.
    pub(crate) chat: ChatId,
}

/// Returns whether the database holds the demo.
pub(crate) async fn exists(store: &Arc<dyn Store<Talk>>) -> Result<bool, Failure> {
    let unit = Unit::installation("demo_check");
    let found = store.read(unit, |snapshot| {
        let customer = snapshot.directory().customer(CUSTOMER)?;
        Ok::<_, StoreError>(customer.is_some())
    });
    found.await.map_err(refused)
}

/// Refuses a database with agents that have the password of the demo.
///
/// # Errors
/// Names the agents, and the commands after which `serve` starts.
pub(crate) async fn refuse_known_passwords(
    store: &Arc<dyn Store<Talk>>,
    passwords: &dyn Passwords,
) -> Result<(), Failure> {
    let mut known = Vec::new();
    for (agent, hash) in logins(store).await.map_err(refused)? {
        let is_known = passwords.verify(PASSWORD.to_owned(), Some(hash)).await;
        if is_known.map_err(refused)?.is_right() {
            known.push(agent.username);
        }
    }
    if known.is_empty() {
        return Ok(());
    }
    let reason = format!(
        "everybody knows the password of the demo agents in this database: {}. Give each another \
         one with `talk-server agent password NAME --password-stdin`, or disable it with \
         `talk-server agent disable NAME`; or serve another database",
        known.join(", ")
    );
    Err(SettingsError::new("database_url", reason).into())
}

/// Returns the demo, which is created if the database is empty.
///
/// # Errors
/// If the database has agents and no demo: no agents with known passwords are created
/// there.
pub(crate) async fn demo(
    store: &Arc<dyn Store<Talk>>,
    passwords: &dyn Passwords,
    limits: Limits,
) -> Result<Demo, Failure> {
    if !exists(store).await? {
        create(store, passwords, limits).await?;
    }
    let agents = agents(store).await.map_err(refused)?;
    let alice = agents.first();
    let alice = alice.ok_or_else(|| anyhow!("the demo's agent alice is missing"))?;
    let chat = match chat_of(store, alice).await.map_err(refused)? {
        Some(chat) => chat,
        None => create_demo_chat(store, &agents, limits).await?,
    };
    Ok(Demo { agents, chat })
}

async fn create(
    store: &Arc<dyn Store<Talk>>,
    passwords: &dyn Passwords,
    limits: Limits,
) -> Result<(), Failure> {
    let now = now();
    let customer = Customer::new(CUSTOMER, "demo", now).map_err(refused)?;
    let mut commands = Vec::new();
    for (username, name, permission) in USERNAMES {
        let password = passwords.hash(PASSWORD.to_owned()).await;
        commands.push(CreateAgent {
            id: fresh(),
            customer: CUSTOMER,
            username: username.to_owned(),
            name: name.to_owned(),
            detail: String::new(),
            permission,
            password: password.map_err(refused)?,
        });
    }
    let created = store.write(Unit::of(CUSTOMER, "create_demo"), move |uow| {
        if uow.directory().has_agents()? {
            return Ok(false);
        }
        uow.customers().insert(&customer)?;
        for command in &commands {
            create_agent(uow, None, command, (now, &limits))?;
        }
        Ok::<_, CreateAgentError>(true)
    });
    if created.await.map_err(refused)? {
        return Ok(());
    }
    let reason = "the database has agents and no demo; `dev` gives nobody's database known \
                  passwords (use `serve`, or another --data-dir)";
    Err(anyhow!(reason).into())
}

/// Returns the demo's agents that still exist, ordered by name.
async fn agents(store: &Arc<dyn Store<Talk>>) -> Result<Vec<Agent>, StoreError> {
    let logins = logins(store).await?;
    Ok(logins.into_iter().map(|(agent, _)| agent).collect())
}

/// Returns the demo's agents with their password hashes.
async fn logins(store: &Arc<dyn Store<Talk>>) -> Result<Vec<(Agent, PasswordHash)>, StoreError> {
    let unit = Unit::of(CUSTOMER, "demo_agents");
    let agents = store.read(unit, |snapshot| {
        let mut agents = Vec::new();
        for (username, ..) in USERNAMES {
            agents.extend(snapshot.directory().login(username)?);
        }
        agents.retain(|(agent, _)| agent.customer == CUSTOMER && agent.is_active());
        Ok(agents)
    });
    agents.await
}

/// Returns the oldest open group of an agent.
async fn chat_of(
    store: &Arc<dyn Store<Talk>>,
    agent: &Agent,
) -> Result<Option<ChatId>, StoreError> {
    let actor = actor(agent);
    let filter = ChatFilter {
        kind: Some(ChatKind::Group),
        status: Some(ChatStatus::Active),
    };
    let chats = store.read(Unit::of(CUSTOMER, "demo_chat"), move |snapshot| {
        all(|request| list_chats(snapshot, actor, filter, request))
    });
    Ok(chats.await?.first().map(|chat| chat.id))
}

async fn create_demo_chat(
    store: &Arc<dyn Store<Talk>>,
    agents: &[Agent],
    limits: Limits,
) -> Result<ChatId, Failure> {
    let Some((alice, others)) = agents.split_first() else {
        return Err(anyhow!("the demo's agents are missing").into());
    };
    let now = now();
    let ids = IdSource::new(now, random());
    let cx = Context::new(actor(alice), now, limits, ids);
    let command = CreateChat {
        kind: ChatKind::Group,
        name: "Demo".to_owned(),
        detail: String::new(),
        others: others.iter().map(|agent| agent.id).collect(),
    };
    let unit = Unit::of(CUSTOMER, "create_demo_chat");
    let chat = store.write(unit, move |uow| create_chat(uow, &cx, &command));
    let chat: Result<_, CreateChatError> = chat.await;
    Ok(chat.map_err(refused)?.id)
}

fn actor(agent: &Agent) -> Actor {
    Actor {
        customer: agent.customer,
        agent: agent.id,
        permission: agent.permission,
    }
}
