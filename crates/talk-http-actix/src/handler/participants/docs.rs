//! How participants are described.

use talk_domain::access::AccessError;
use talk_domain::participant::add::AddParticipantError;
use talk_domain::participant::remove::RemoveParticipantError;
use talk_wire::request::AddParticipant;

use crate::handler::chats::docs::owner;
use crate::openapi::example::{self, sent};
use crate::openapi::{Need, Operation};

const ALL: &str = "/v1.0/service_agents/talk_chats/{chat_id}/participants";

pub(crate) fn operations() -> Vec<Operation> {
    let owner = owner();
    let added = AddParticipant {
        owner_type: owner.owner_type,
        owner_id: owner.owner_id,
        agent_id: None,
    };
    vec![
        Operation::new(
            "get",
            ALL,
            "listParticipants",
            "Lists the participants of a chat",
        )
        .paged()
        .refuses::<AccessError>()
        .lists("A page of participants.", &example::participant())
        .placed(),
        Operation::new(
            "post",
            ALL,
            "addParticipant",
            "Adds a participant to a chat",
        )
        .about(
            "By participants; in a channel also oneself. `agent_id` may stand for `owner_type` and \
             `owner_id`.",
        )
        .body::<AddParticipant>(Need::Must, &sent("an agent", &added))
        .once()
        .reasons(&["AGENTS_DIFFER", "OWNER_TYPE_INVALID"])
        .refuses::<AddParticipantError>()
        .answers("The participant.", &example::participant()),
        Operation::new(
            "delete",
            "/v1.0/service_agents/talk_chats/{chat_id}/participants/{participant_id}",
            "removeParticipant",
            "Removes a participant, or leaves",
        )
        .about("In a direct chat one only leaves oneself.")
        .refuses::<RemoveParticipantError>()
        .answers("Who was removed.", &example::participant()),
    ]
}
