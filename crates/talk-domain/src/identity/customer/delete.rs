//! Use cases of the operator and of the server: delete a customer, and remove its rows.

use crate::identity::agent::{Agent, AgentStatus};
use crate::identity::customer::Customer;
use crate::kernel::cleanup::{Cleanup, Deleted, MEMBERSHIPS};
use crate::kernel::context::Context;
use crate::kernel::error::refusals;
use crate::kernel::id::{ChatId, CustomerId};
use crate::kernel::store::UnitOfWork;
use crate::kernel::store_error::StoreError;
use crate::kernel::time::Timestamp;
use crate::talk::chat::remove::remove_chat;

/// Agents, keys and stored answers removed per unit of work.
const REMOVED: u32 = 64;

refusals! {
    /// Refusals of [`delete_customer`].
    pub enum DeleteCustomerError {
        NoSuchCustomer = NotFound "CUSTOMER_NOT_FOUND" "there is no such customer",
        ..Store(StoreError),
    }
}

/// Deletes a customer. From the commit on none of its agents can authenticate. A
/// [cleanup](crate::kernel::cleanup) later removes its rows in steps, the customer itself last. Running it
/// twice is harmless.
///
/// # Errors
/// See [`DeleteCustomerError`].
pub fn delete_customer(
    uow: &mut dyn UnitOfWork,
    id: CustomerId,
) -> Result<Customer, DeleteCustomerError> {
    let customer = uow.directory().customer(id)?;
    let customer = customer.ok_or(DeleteCustomerError::NoSuchCustomer)?;
    uow.cleanups().add(Deleted::Customer(id))?;
    Ok(customer)
}

/// Removes the next rows of a deleted customer, in one bounded unit of work. Returns whether there is
/// more to remove.
///
/// The sessions of its agents end first, so that their sockets close. Its agents are removed after
/// its chats, which have them as members.
///
/// # Errors
/// Only when storage fails.
pub(crate) fn remove_customer(
    uow: &mut dyn UnitOfWork,
    cx: &Context,
    cleanup: &Cleanup,
) -> Result<bool, StoreError> {
    if end_sessions(uow, cx, cleanup)? {
        return Ok(true);
    }
    if let Some(chat) = uow.customer_removal().any_chat()? {
        delete_silently(uow, cx, chat)?;
        remove_chat(uow, chat)?;
        return Ok(true);
    }
    if uow.customer_removal().drop_agents(REMOVED)? {
        return Ok(true);
    }
    uow.customer_removal().finish()?;
    Ok(false)
}

/// Deletes the next agents, which ends their sessions. Returns whether there were any.
fn end_sessions(
    uow: &mut dyn UnitOfWork,
    cx: &Context,
    cleanup: &Cleanup,
) -> Result<bool, StoreError> {
    let since = i64::try_from(cleanup.position).unwrap_or(0);
    let since = Timestamp::from_micros(since).unwrap_or(cx.now);
    let agents = uow.customer_removal().live_agents(since, MEMBERSHIPS)?;
    for agent in &agents {
        let ended = Agent {
            status: AgentStatus::Disabled,
            token_generation: agent.token_generation + 1,
            deleted: Some(cx.now),
            ..agent.clone()
        };
        uow.agents().update(&ended)?;
        uow.sessions().end(agent.id, cx.now)?;
    }
    let Some(last) = agents.last() else {
        return Ok(false);
    };
    // The next step starts here: all agents before are deleted.
    let position = u64::try_from(last.created.as_micros()).unwrap_or(0);
    uow.cleanups().advance(cleanup.id, position)?;
    Ok(true)
}

/// Deletes a chat without an event, since all its members are deleted.
fn delete_silently(uow: &mut dyn UnitOfWork, cx: &Context, id: ChatId) -> Result<(), StoreError> {
    let Some(mut chat) = uow.chats().lock(id)?.filter(|chat| chat.deleted.is_none()) else {
        return Ok(());
    };
    uow.cleanups().add(Deleted::Chat(id))?;
    (chat.member_count, chat.deleted) = (0, Some(cx.now));
    uow.chats().update(&chat)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::session::MockDirectory;
    use crate::talk::cleanup::carry_on::carry_on;
    use crate::talk::model::chat::Chat;
    use crate::testing::{
        MockUnitOfWork, Scene, a_chat, agent_id, an_agent, at, chat_id, context, customer_id,
    };

    fn step(uow: &mut MockUnitOfWork) {
        let cleanup = Cleanup {
            id: 7,
            customer: customer_id(),
            deleted: Deleted::Customer(customer_id()),
            position: 40,
        };
        carry_on(uow, &context(agent_id(1)), &cleanup).unwrap();
    }

    fn live(uow: &mut MockUnitOfWork, agents: Vec<Agent>) {
        uow.customer_removal
            .expect_live_agents()
            .withf(|since, limit| (*since, *limit) == (at(40), MEMBERSHIPS))
            .times(1)
            .returning(move |_, _| Ok(agents.clone()));
    }

    /// RUN-20.
    #[test]
    fn a_known_customer_is_deleted_and_removed_behind() {
        let customer = Customer::new(customer_id(), "Acme", at(1)).unwrap();
        let mut uow = MockUnitOfWork::default();
        let known = customer.clone();
        uow.directory = MockDirectory::default();
        uow.directory
            .expect_customer()
            .returning(move |id| Ok(Some(known.clone()).filter(|known| known.id == id)));
        uow.cleanups
            .expect_add()
            .withf(|deleted| *deleted == Deleted::Customer(customer_id()))
            .times(1)
            .returning(|_| Ok(()));
        assert_eq!(delete_customer(&mut uow, customer_id()).unwrap(), customer);
        let nobody = CustomerId(uuid::Uuid::from_u128(99));
        let refused = delete_customer(&mut uow, nobody);
        assert!(matches!(refused, Err(DeleteCustomerError::NoSuchCustomer)));
    }

    /// RUN-20: no agent of the customer stays connected while its chats are removed.
    #[test]
    fn sessions_of_a_deleted_customer_end_before_anything_is_removed() {
        let mut uow = MockUnitOfWork::default();
        let agents = [1, 2].map(|n| Agent {
            created: at(50 + i64::try_from(n).unwrap()),
            ..an_agent(n)
        });
        live(&mut uow, agents.to_vec());
        uow.agents
            .expect_update()
            .withf(|agent| {
                let has_ended = agent.deleted.is_some() && agent.status == AgentStatus::Disabled;
                has_ended && agent.token_generation == 1
            })
            .times(2)
            .returning(|_| Ok(()));
        uow.sessions.expect_end().times(2).returning(|_, _| Ok(()));
        uow.cleanups
            .expect_advance()
            .withf(|id, position| (*id, *position) == (7, 52))
            .times(1)
            .returning(|_, _| Ok(()));
        step(&mut uow);
    }

    /// RUN-20: the members are deleted too, so nobody is left to receive an event.
    #[test]
    fn a_chat_of_a_deleted_customer_is_deleted_without_an_event_and_removed() {
        let deleted = Chat {
            deleted: Some(at(5)),
            ..a_chat()
        };
        for (chat, is_new) in [(a_chat(), true), (deleted, false)] {
            let scene = Scene::new(chat);
            let mut uow = scene.unit();
            live(&mut uow, vec![]);
            let any = uow.customer_removal.expect_any_chat();
            any.returning(|| Ok(Some(chat_id(1))));
            uow.cleanups
                .expect_add()
                .withf(|deleted| *deleted == Deleted::Chat(chat_id(1)))
                .times(usize::from(is_new))
                .returning(|_| Ok(()));
            let memberships = uow.removal.expect_drop_memberships();
            memberships.times(1).returning(|_, _| Ok(true));
            step(&mut uow);
            assert!(scene.events().is_empty());
            let saved = scene.saved().map(|chat| (chat.member_count, chat.last));
            assert_eq!(saved, is_new.then(|| (0, a_chat().last)));
        }
    }

    /// RUN-20.
    #[test]
    fn agents_are_removed_behind_the_chats_and_the_customer_last() {
        for is_more in [true, false] {
            let mut uow = MockUnitOfWork::default();
            live(&mut uow, vec![]);
            let removal = &mut uow.customer_removal;
            removal.expect_any_chat().returning(|| Ok(None));
            let drop_agents = removal.expect_drop_agents();
            drop_agents.times(1).returning(move |_| Ok(is_more));
            let finish = removal.expect_finish();
            finish.times(usize::from(!is_more)).returning(|| Ok(()));
            let finish = uow.cleanups.expect_finish();
            finish.times(usize::from(!is_more)).returning(|_| Ok(()));
            step(&mut uow);
        }
    }
}
