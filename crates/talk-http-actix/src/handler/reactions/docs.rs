//! How reactions are described.

use serde_json::json;
use talk_domain::reaction::add::ReactError;
use talk_wire::request::React;

use crate::openapi::example::{self, sent};
use crate::openapi::{Need, Operation, query};

const ALL: &str = "/v1.0/service_agents/talk_messages/{message_id}/reactions";

pub(crate) fn operations() -> Vec<Operation> {
    vec![add(), remove()]
}

fn thumb() -> React {
    React {
        emoji: Some("👍".to_owned()),
    }
}

pub(crate) fn add() -> Operation {
    Operation::new("post", ALL, "addReaction", "Reacts to a message")
        .about(
            "One emoji, or a short name. All spellings of an emoji and its short name count as \
                 the same reaction; the same again changes nothing. A message takes a limited \
                 number of reactions, of one agent and of all (settings `max_reactions` and \
                 `max_reactions_per_agent`).",
        )
        .body::<React>(Need::Must, &sent("an emoji", &thumb()))
        .once()
        .reasons(&["EMOJI_INVALID", "LIMIT_EXCEEDED"])
        .refuses::<ReactError>()
        .answers("The message.", &example::message())
}

pub(crate) fn remove() -> Operation {
    let one = json!({"type": "string", "maxLength": 64});
    Operation::new("delete", ALL, "removeReaction", "Takes one's reaction back")
        .about("Named in the query or else in the body. What is not there changes nothing.")
        .takes([query("emoji", &one, "One emoji, or a short name.")])
        .body_of(
            Need::May,
            &json!({"type": "object", "properties": {"emoji": {"type": ["string", "null"]}}}),
            &sent("an emoji", &thumb()),
        )
        .reasons(&["EMOJI_INVALID"])
        .refuses::<ReactError>()
        .answers("The message.", &example::message())
}
