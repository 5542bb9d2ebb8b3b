//! The port through which identity notifies the products of an installation that an agent or a
//! customer is deleted. The products change their own data in the same transaction.

use crate::kernel::context::Context;
use crate::kernel::id::{AgentId, ConversationId};
use crate::kernel::store_error::StoreError;

/// Driven port of identity: the products whose data names agents and customers.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait Departure {
    /// Ends the memberships of a deleted agent and the ownership of its conversations, in a bounded
    /// number of rows. MUST store the rest as a [cleanup](crate::kernel::cleanup). The actor of `cx`
    /// deleted the agent.
    ///
    /// # Errors
    /// Only when storage fails.
    fn agent_deleted(&mut self, cx: &Context, agent: AgentId) -> Result<(), StoreError>;

    /// Runs one bounded step of what [`Departure::agent_deleted`] does. Returns whether there may be
    /// more to do.
    ///
    /// # Errors
    /// Only when storage fails.
    fn leave_some(&mut self, cx: &Context, agent: AgentId) -> Result<bool, StoreError>;

    /// Erases the texts of a bounded number of messages that an erased agent has written to people
    /// outside. Returns whether there may be more.
    ///
    /// # Errors
    /// Only when storage fails.
    fn erase_some(&mut self, cx: &Context, agent: AgentId) -> Result<bool, StoreError>;

    /// Stores the removal of an erased agent's memberships and texts as a
    /// [cleanup](crate::kernel::cleanup).
    ///
    /// # Errors
    /// Only when storage fails.
    fn agent_erased(&mut self, agent: AgentId) -> Result<(), StoreError>;

    /// Removes a bounded number of the products' rows of this unit's customer, which is deleted.
    /// Returns whether it removed any; there may be more then.
    ///
    /// # Errors
    /// Only when storage fails.
    fn remove_customer_rows(&mut self, cx: &Context) -> Result<bool, StoreError>;

    /// Removes a bounded number of rows of a deleted conversation with a person outside. Returns whether
    /// there may be more.
    ///
    /// # Errors
    /// Only when storage fails.
    fn remove_conversation(&mut self, id: ConversationId) -> Result<bool, StoreError>;
}
