//! Steps of the tests of conversations.

use conversation_domain::account::create::{CreateAccount, create_account};
use conversation_domain::message::receive::{
    Arrival, Incoming, ReceiveError, Received, receive_message,
};
use conversation_domain::model::account::Account;
use conversation_domain::model::conversation::{Conversation, ConversationFilter, stream};
use conversation_domain::model::message::Message;
use conversation_domain::testing::{a_wanted_account, visitor};
use talk_domain::kernel::context::IdSource;
use talk_domain::kernel::id::ConversationId;
use talk_domain::kernel::log::Portion;
use talk_domain::kernel::page::{Order, Page, PageRequest};
use talk_domain::kernel::store::Unit;
use talk_domain::kernel::store_error::StoreError;
use talk_domain::testing::{admin_context, agent_id, customer_id};

use crate::store_contract::world::World;

pub(in crate::store_contract) fn unit() -> Unit {
    Unit::of(customer_id(), "contract")
}

pub(in crate::store_contract) const FIRST: PageRequest = PageRequest {
    size: 100,
    after: None,
    order: Order::Descending,
};

pub(in crate::store_contract) async fn account(world: &World) -> Account {
    let mut cx = world.cx(1);
    cx.actor = admin_context(agent_id(1)).actor;
    let command = CreateAccount {
        id: cx.fresh(),
        wanted: a_wanted_account(),
    };
    let made = world
        .conversations
        .write(unit(), move |uow| create_account(uow, &cx, &command, 1_000));
    made.await.unwrap()
}

fn arrival(world: &World) -> Arrival {
    let cx = world.cx(1);
    Arrival {
        now: cx.now,
        ids: IdSource::new(cx.now, cx.fresh::<uuid::Uuid>().as_u128()),
    }
}

/// Receives a message of the `n`th visitor, with this id of its event.
pub(in crate::store_contract) async fn receive(
    world: &World,
    account: &Account,
    (n, event): (u128, String),
) -> Result<Received, ReceiveError> {
    let (arrival, incoming) = (
        arrival(world),
        Incoming {
            account: account.id,
            medias: Vec::new(),
            text: format!("text of {event}"),
            consent: None,
            event,
            own: None,
            peer: visitor(n),
        },
    );
    let received = world
        .conversations
        .write(unit(), move |uow| receive_message(uow, &arrival, &incoming));
    received.await
}

pub(in crate::store_contract) async fn one(
    world: &World,
    account: &Account,
    n: u128,
    event: &str,
) -> Message {
    let received = receive(world, account, (n, event.to_owned())).await;
    received.unwrap().into_message()
}

pub(in crate::store_contract) async fn page(
    world: &World,
    filter: ConversationFilter,
) -> Page<Conversation> {
    let read = world
        .conversations
        .read::<_, StoreError>(unit(), move |snapshot| {
            snapshot.conversations().page(&filter, FIRST)
        });
    read.await.unwrap()
}

pub(in crate::store_contract) async fn kinds(
    world: &World,
    id: ConversationId,
) -> Vec<(u64, String)> {
    let read = world
        .conversations
        .read::<_, StoreError>(unit(), move |snapshot| {
            snapshot.events().after(stream(id), Portion::new(0, 1_000))
        });
    let events = read.await.unwrap().events;
    let name = |kind: &str| kind.trim_start_matches("conversation_").to_owned();
    let events = events.iter().map(|one| (one.seq, name(one.kind.as_str())));
    events.collect()
}
