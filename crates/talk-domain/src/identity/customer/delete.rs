//! Use cases of the operator and of the server: delete a customer, and remove its rows.

use crate::identity::agent::{Agent, AgentStatus};
use crate::identity::customer::Customer;
use crate::identity::unit::IdentityUnit;
use crate::kernel::cleanup::{Cleanup, Deleted, MEMBERSHIPS};
use crate::kernel::context::Context;
use crate::kernel::error::refusals;
use crate::kernel::id::CustomerId;
use crate::kernel::store_error::StoreError;
use crate::kernel::time::Timestamp;

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
    uow: &mut dyn IdentityUnit,
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
/// the rows of the products, which name them.
///
/// # Errors
/// Only when storage fails.
pub(crate) fn remove_customer(
    uow: &mut dyn IdentityUnit,
    cx: &Context,
    cleanup: &Cleanup,
) -> Result<bool, StoreError> {
    if end_sessions(uow, cx, cleanup)? {
        return Ok(true);
    }
    if uow.products().remove_customer_rows(cx)? || uow.customer_removal().drop_agents(REMOVED)? {
        return Ok(true);
    }
    uow.customer_removal().finish()?;
    Ok(false)
}

/// Deletes the next agents, which ends their sessions. Returns whether there were any.
fn end_sessions(
    uow: &mut dyn IdentityUnit,
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
    uow.cleanups().advance(cleanup.deleted, position)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::session::MockDirectory;
    use crate::testing::{MockUnitOfWork, agent_id, an_agent, at, context, customer_id};

    fn step(uow: &mut MockUnitOfWork) -> bool {
        let cleanup = Cleanup {
            customer: customer_id(),
            deleted: Deleted::Customer(customer_id()),
            position: 40,
        };
        remove_customer(uow, &context(agent_id(1)), &cleanup).unwrap()
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
            .withf(|deleted, position| {
                (*deleted, *position) == (Deleted::Customer(customer_id()), 52)
            })
            .times(1)
            .returning(|_, _| Ok(()));
        assert!(step(&mut uow));
    }

    /// RUN-20.
    #[test]
    fn agents_are_removed_after_the_rows_of_the_products_and_the_customer_last() {
        for (has_rows, has_agents) in [(true, true), (false, true), (false, false)] {
            let mut uow = MockUnitOfWork::default();
            live(&mut uow, vec![]);
            let products = uow.products.expect_remove_customer_rows().times(1);
            products.returning(move |_| Ok(has_rows));
            let removal = &mut uow.customer_removal;
            let drop_agents = removal.expect_drop_agents();
            drop_agents
                .times(usize::from(!has_rows))
                .returning(move |_| Ok(has_agents));
            let (is_more, finish) = (has_rows || has_agents, removal.expect_finish());
            finish.times(usize::from(!is_more)).returning(|| Ok(()));
            assert_eq!(step(&mut uow), is_more);
        }
    }
}
