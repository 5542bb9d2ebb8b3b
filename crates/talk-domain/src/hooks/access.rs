//! The permission to manage webhooks, which admins and managers have.

use crate::kernel::context::Context;
use crate::kernel::error::refusals;

refusals! {
    /// The refusal of [`check_admin`].
    pub enum NotAdmin {
        Forbidden = PermissionDenied "PERMISSION_DENIED" "only admins and managers may do this",
    }
}

/// Checks that the actor is an admin or manager, by the permission in `cx`, which was read in this
/// unit of work.
///
/// # Errors
/// [`NotAdmin`].
pub fn check_admin(cx: &Context) -> Result<(), NotAdmin> {
    if cx.actor.permission.administers() {
        return Ok(());
    }
    Err(NotAdmin::Forbidden)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{admin_context, agent_id, context};

    /// HOOK-15.
    #[test]
    fn an_agent_manages_no_webhooks() {
        assert!(check_admin(&context(agent_id(1))).is_err());
        assert!(check_admin(&admin_context(agent_id(1))).is_ok());
    }
}
