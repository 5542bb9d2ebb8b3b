//! How channels are described.

use talk_domain::chat::join::JoinChatError;
use talk_domain::chat::list::ListChannelsError;

use crate::openapi::{Operation, example, field, query};

pub(crate) fn operations() -> Vec<Operation> {
    vec![
        Operation::new(
            "get",
            "/v1.0/service_agents/talk_channels",
            "listChannels",
            "Lists the customer's channels",
        )
        .takes([query(
            "search",
            &field::search(),
            "What name or detail contain, whatever case and accents. A page may end early: it is \
             the last one only without a `next_page_token`.",
        )])
        .paged()
        .reasons(&["LIMIT_EXCEEDED", "NUL_CHARACTER"])
        .refuses::<ListChannelsError>()
        .lists("A page of channels.", &example::chat()),
        Operation::new(
            "post",
            "/v1.0/service_agents/talk_chats/{chat_id}/join",
            "joinChannel",
            "Joins a channel",
        )
        .about("Who is in it already gets the same answer.")
        .no_body()
        .once()
        .refuses::<JoinChatError>()
        .answers("The participant.", &example::participant()),
    ]
}
