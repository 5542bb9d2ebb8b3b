//! Use case: list uploads.

use crate::files::model::File;
use crate::files::unit::FileSnapshot;
use crate::kernel::id::AgentId;
use crate::kernel::page::{Page, PageRequest};
use crate::kernel::store_error::StoreError;

/// Lists the agent's own uploads.
///
/// # Errors
/// Only when storage fails.
pub fn list_files(
    snapshot: &mut dyn FileSnapshot,
    agent: AgentId,
    request: PageRequest,
) -> Result<Page<File>, StoreError> {
    snapshot.files().page(agent, request)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{FIRST, MockSnapshot, a_file, agent_id};

    /// FILE-05: own uploads.
    #[test]
    fn an_agent_lists_its_own_uploads() {
        let mut snapshot = MockSnapshot::default();
        let page = snapshot.files.expect_page();
        page.withf(|owner, request| (*owner, *request) == (agent_id(1), FIRST))
            .returning(|_, _| {
                Ok(Page {
                    rows: vec![a_file(1)],
                    next: None,
                })
            });
        let page = list_files(&mut snapshot, agent_id(1), FIRST).unwrap();
        assert_eq!(page.rows, [a_file(1)]);
    }
}
