//! Rows that the writer keeps from one commit to the next.

use std::sync::Arc;

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, SqliteConnection};
use talk_domain::identity::agent::{Agent, PasswordHash};
use talk_domain::kernel::cleanup::Deleted;
use talk_domain::kernel::context::Permission;
use talk_domain::kernel::id::TokenId;
use talk_domain::kernel::store::{Store, Unit};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::model::chat::Chat;
use talk_domain::talk::model::participant::Participant;
use talk_domain::talk::unit::Talk;
use talk_domain::testing::{a_chat, a_participant, agent_id, an_agent, at, chat_id, customer_id};
use talk_store_diesel::StoreOptions;
use uuid::Uuid;

use crate::support::Database;

/// The rows of a chat, a membership, an agent and a token, as units of the writer read them.
#[derive(Debug, PartialEq)]
struct Known {
    chat: Option<Chat>,
    member: Option<Participant>,
    agent: Option<Agent>,
    is_revoked: bool,
}

const TOKEN: TokenId = TokenId(Uuid::from_u128(9));

fn unit() -> Unit {
    Unit::of(customer_id(), "known")
}

async fn known(store: &Arc<dyn Store<Talk>>) -> Known {
    let known = store.write(unit(), |uow| {
        Ok::<_, StoreError>(Known {
            chat: uow.chats().lock(chat_id(1))?,
            member: uow.participants().find(chat_id(1), agent_id(1))?,
            agent: uow.directory().agent(agent_id(1))?,
            is_revoked: uow.directory().is_revoked(TOKEN)?,
        })
    });
    known.await.unwrap()
}

/// A store with a chat, a member of it, and what the writer knows of them.
async fn filled(database: &Database) -> (Arc<dyn Store<Talk>>, Known) {
    let store = database.open(&StoreOptions::default());
    let stored = Known {
        chat: Some(a_chat()),
        member: Some(a_participant(agent_id(1))),
        agent: Some(an_agent(1)),
        is_revoked: false,
    };
    let inserted = store.write(unit(), |uow| {
        let password = PasswordHash("hash".into());
        let is_new = uow.agents().insert(&an_agent(1), &password)?
            && uow.chats().insert(&a_chat())?
            && uow
                .participants()
                .insert(&a_chat(), &a_participant(agent_id(1)))?;
        Ok::<_, StoreError>(is_new)
    });
    assert!(inserted.await.unwrap());
    assert_eq!(known(&store).await, stored);
    assert_eq!(known(&store).await, stored);
    (store, stored)
}

/// Case 48: the next change sees what a command beside the server has written.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_by_another_process_is_seen_by_the_next_unit() {
    let database = Database::new();
    let (store, stored) = filled(&database).await;
    let mut other = SqliteConnection::establish(database.path().to_str().unwrap()).unwrap();
    other
        .batch_execute(
            "UPDATE talk_chats SET name = 'renamed'; UPDATE talk_agents SET permission = 32; \
             DELETE FROM talk_participants;",
        )
        .unwrap();
    let found = known(&store).await;
    assert_eq!(found.chat.unwrap().name, "renamed");
    assert_eq!(found.agent.unwrap().permission, Permission::Admin);
    assert_eq!(found.member, None);
    assert_eq!(found.is_revoked, stored.is_revoked);
}

/// A unit that is undone leaves nothing behind for the next one.
#[tokio::test(flavor = "multi_thread")]
async fn what_an_undone_unit_changed_is_not_kept() {
    let database = Database::new();
    let (store, stored) = filled(&database).await;
    let undone = store.write(unit(), |uow| {
        let mut chat = a_chat();
        chat.name = "renamed".into();
        uow.chats().update(&chat)?;
        uow.participants()
            .remove(&a_participant(agent_id(1)), chat.last)?;
        Err::<(), _>(StoreError::Unavailable("undone".into()))
    });
    undone.await.unwrap_err();
    assert_eq!(known(&store).await, stored);
}

/// RUN-20: nobody of a customer that is being deleted may act any more.
#[tokio::test(flavor = "multi_thread")]
async fn an_agent_of_a_deleted_customer_is_not_kept() {
    let database = Database::new();
    let (store, _) = filled(&database).await;
    let deleted = store.write(unit(), |uow| {
        uow.cleanups().add(Deleted::Customer(customer_id()))
    });
    deleted.await.unwrap();
    assert_eq!(known(&store).await.agent, None);
}

/// A token that is revoked is refused by the next change.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_revoked_is_not_kept() {
    let database = Database::new();
    let (store, _) = filled(&database).await;
    let revoked = store.write(unit(), |uow| uow.sessions().revoke(TOKEN, at(99)));
    revoked.await.unwrap();
    assert!(known(&store).await.is_revoked);
}
