//! The handlers: read the request, run one use case, show the result. One file per resource.

pub(crate) mod access_keys;
pub(crate) mod agents;
pub(crate) mod channels;
pub(crate) mod chats;
pub(crate) mod customers;
pub(crate) mod documents;
pub(crate) mod events;
pub(crate) mod legacy;
pub(crate) mod me;
pub(crate) mod messages;
pub(crate) mod participants;
pub(crate) mod presence;
pub(crate) mod probes;
pub(crate) mod reactions;
pub(crate) mod search;
pub(crate) mod sessions;

use crate::openapi::Operation;
use crate::socket;

/// Operations with their name and what they are about.
type Group = (&'static str, &'static str, Vec<Operation>);

/// Every group of operations: its name, what it is about, and the operations.
pub(crate) fn docs() -> Vec<Group> {
    [conversing(), everything_else()]
        .into_iter()
        .flatten()
        .collect()
}

fn conversing() -> Vec<Group> {
    vec![
        (
            "Sessions",
            "Logging in and out.",
            sessions::docs::operations(),
        ),
        ("Me", "The caller.", me::docs::operations()),
        ("Chats", "Conversations.", chats::docs::operations()),
        (
            "Channels",
            "Public chats of the customer.",
            channels::docs::operations(),
        ),
        (
            "Participants",
            "Who is in a chat.",
            participants::docs::operations(),
        ),
        ("Messages", "What is said.", messages::docs::operations()),
        (
            "Search",
            "Messages by what they say.",
            search::docs::operations(),
        ),
        (
            "Reactions",
            "Emoji on messages.",
            reactions::docs::operations(),
        ),
        (
            "Events",
            "Everything that happens, in order.",
            events::docs::operations(),
        ),
        (
            "Socket",
            "Events as they happen.",
            socket::docs::operations(),
        ),
    ]
}

fn everything_else() -> Vec<Group> {
    vec![
        ("Presence", "Who is there.", presence::docs::operations()),
        ("Agents", "Who can log in.", agents::docs::operations()),
        (
            "Access keys",
            "Long-lived secrets.",
            access_keys::docs::operations(),
        ),
        ("Customers", "The tenant.", customers::docs::operations()),
        (
            "Talks",
            "The API of the first generations. Every answer has a `Deprecation` header; an operator \
             may have turned it off.",
            legacy::docs::operations(),
        ),
        (
            "Description",
            "What the service says about itself.",
            documents::docs::operations(),
        ),
        (
            "Operation",
            "For operators and their programs.",
            probes::docs::operations(),
        ),
    ]
}
