//! The endpoints: each parses a request, runs one use case, and returns the result. One file per
//! resource.

mod access_keys;
mod agents;
mod asset;
mod channels;
mod chats;
mod conversation_accounts;
mod conversation_hooks;
mod conversations;
mod customers;
mod documents;
mod events;
mod files;
mod intercepts;
mod legacy;
mod me;
mod messages;
mod participants;
mod presence;
mod probes;
mod reactions;
mod search;
mod sessions;
mod static_files;
mod webchat;
mod webhooks;

use actix_web::http::Method;
use matchit::InsertError;

use crate::Api;
use crate::endpoint::{Endpoint, Group, Routes};
pub(crate) use documents::Documents;
pub(crate) use legacy::{SUCCESSORS, deprecate};
pub(crate) use messages::ALL as MESSAGES;
pub use static_files::StaticFile;
pub(crate) use webchat::OPEN as OPEN_TO_PAGES;
pub(crate) use webchat::streams::VisitorStreams;

/// Marks the requests of a listener whose clients are rate limited.
pub(crate) struct RateLimited;

/// The routes of the public listener: the API, its documentation, the socket, the probes and the static
/// files.
pub(crate) fn public(api: &Api) -> Result<Routes, InsertError> {
    let mut rows = rows(api.has_legacy);
    rows.extend(static_files::rows(&api.static_files));
    Routes::new(rows)
}

/// Everything that the public listener serves besides static files.
pub(crate) fn rows(has_legacy: bool) -> Vec<Endpoint> {
    let groups = groups(has_legacy).into_iter();
    let mut rows: Vec<Endpoint> = groups.flat_map(|group| group.rows).collect();
    rows.push(Endpoint::hidden(Method::GET, SOCKET, crate::socket::open));
    rows.extend(webchat::rows());
    rows.extend(conversation_hooks::rows());
    rows.extend(documents::rows());
    rows.extend(probes::rows());
    rows
}

/// The routes of the operators' listener: the probes and the metrics, nothing of the API.
pub(crate) fn admin() -> Result<Routes, InsertError> {
    let mut rows = probes::rows();
    rows.push(probes::metrics());
    Routes::new(rows)
}

/// The path of the socket.
pub(crate) const SOCKET: &str = "/v1.0/ws";

/// Returns whether the request may upgrade to a WebSocket.
pub(crate) fn is_socket(request: &actix_http::Request) -> bool {
    request.method() == Method::GET && request.path() == SOCKET
}

/// Returns whether `route` is polled by monitoring.
pub(crate) fn is_probed(route: &str) -> bool {
    probes::PATHS.contains(&route)
}

/// The documented endpoints. The deprecated ones are included only if they are served.
pub(crate) fn groups(has_legacy: bool) -> Vec<Group> {
    let mut groups = vec![
        group("Sessions", "Logging in and out.", sessions::rows()),
        group("Me", "The caller.", me::rows()),
        group("Messages", "What is said.", messages::rows()),
        group("Reactions", "Emoji on messages.", reactions::rows()),
        group("Search", "Messages by what they say.", search::rows()),
        group(
            "Events",
            "Everything that happens, in order.",
            events::rows(),
        ),
        group("Files", "What messages carry.", files::rows()),
        group("Presence", "Who is there.", presence::rows()),
        group("Chats", "Conversations.", chats::rows()),
        group(
            "Channels",
            "Public chats of the customer.",
            channels::rows(),
        ),
        group("Participants", "Who is in a chat.", participants::rows()),
        group("Agents", "Who can log in.", agents::rows()),
        group("Access keys", "Long-lived secrets.", access_keys::rows()),
        group("Customers", "The tenant.", customers::rows()),
        group("Conversations", "With people outside.", outside()),
        group(
            "Accounts",
            "Access to methods of talking with people outside.",
            conversation_accounts::rows(),
        ),
        group(
            "Webhooks",
            "Addresses that events are sent to.",
            webhooks::rows(),
        ),
        group(
            "Intercepts",
            "Addresses that decide on messages before they are stored.",
            intercepts::rows(),
        ),
    ];
    if has_legacy {
        let about = "The API of the first generations; each operation names its successor. Every \
            answer has a `Deprecation` header; an operator may have turned it off.";
        groups.push(group("Talks", about, legacy::rows()));
    }
    groups
}

fn outside() -> Vec<Endpoint> {
    conversations::rows()
}

fn group(name: &'static str, about: &'static str, rows: Vec<Endpoint>) -> Group {
    Group { name, about, rows }
}

/// Probes and metrics, which the document describes too.
pub(crate) fn operation() -> Group {
    let mut rows = probes::rows();
    rows.push(probes::metrics());
    group("Operation", "For operators and their programs.", rows)
}
