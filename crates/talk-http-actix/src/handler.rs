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

/// Every group of operations: its name, what it is about, and the operations; those of the first
/// generations only where they are served.
pub(crate) fn docs(has_legacy: bool) -> Vec<Group> {
    let mut groups = conversing(has_legacy);
    groups.extend(people());
    if has_legacy {
        groups.push((
            "Talks",
            "The API of the first generations; each operation names its successor. Every answer has \
             a `Deprecation` header; an operator may have turned it off.",
            legacy::docs::operations(),
        ));
    }
    groups.extend(the_service());
    groups
}

fn conversing(has_legacy: bool) -> Vec<Group> {
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
            events::docs::operations(has_legacy),
        ),
        (
            "Socket",
            "Events as they happen.",
            socket::docs::operations(),
        ),
    ]
}

fn people() -> Vec<Group> {
    vec![
        ("Presence", "Who is there.", presence::docs::operations()),
        ("Agents", "Who can log in.", agents::docs::operations()),
        (
            "Access keys",
            "Long-lived secrets.",
            access_keys::docs::operations(),
        ),
        ("Customers", "The tenant.", customers::docs::operations()),
    ]
}

fn the_service() -> Vec<Group> {
    vec![
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
