//! How presence is described.

use talk_domain::live::presence::{MAX_AGENTS, PresenceError};

use crate::openapi::example::{self, BOB};
use crate::openapi::{Operation, field, query};

pub(crate) fn operations() -> Vec<Operation> {
    let ids = field::ids(MAX_AGENTS);
    let mut agents = query("agent_ids", &ids, "One to 100 ids, separated by commas.");
    if let Some(parameter) = agents.as_object_mut() {
        parameter.insert("example".to_owned(), BOB.into());
        parameter.insert("required".to_owned(), true.into());
    }
    vec![
        Operation::new(
            "get",
            "/v1.0/service_agents/talk_presence",
            "listPresence",
            "Tells who is there",
        )
        .about(
            "`online`, `away` (5 minutes without a frame) or `offline` (5 seconds without a \
             socket). Of agents of other customers nothing is told.",
        )
        .takes([agents])
        .reasons(&["AGENT_IDS_REQUIRED", "INVALID_ID", "LIMIT_EXCEEDED"])
        .refuses::<PresenceError>()
        .lists("All of them, on one page.", &example::presence()),
    ]
}
