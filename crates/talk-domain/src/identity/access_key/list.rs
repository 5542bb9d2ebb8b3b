//! Use case: list access keys.

use crate::identity::access_key::AccessKey;
use crate::identity::unit::IdentitySnapshot;
use crate::kernel::id::AgentId;
use crate::kernel::page::{Page, PageRequest};
use crate::kernel::store_error::StoreError;

/// Lists the agent's own keys.
///
/// # Errors
/// Only when storage fails.
pub fn list_access_keys(
    snapshot: &mut dyn IdentitySnapshot,
    agent: AgentId,
    request: PageRequest,
) -> Result<Page<AccessKey>, StoreError> {
    snapshot.keys().page(agent, request)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{FIRST, MockSnapshot, a_key, agent_id};

    /// AUTH-09: own access keys.
    #[test]
    fn one_lists_ones_own_keys() {
        let mut snapshot = MockSnapshot::default();
        let page = snapshot.keys.expect_page();
        page.withf(|agent, request| (*agent, *request) == (agent_id(2), FIRST))
            .returning(|_, _| {
                Ok(Page {
                    rows: vec![a_key()],
                    next: None,
                })
            });
        let listed = list_access_keys(&mut snapshot, agent_id(2), FIRST).unwrap();
        assert_eq!(listed.rows, [a_key()]);
    }
}
