//! How the search is described.

use talk_domain::message::search::SearchMessagesError;

use crate::openapi::{Operation, example, field, query};

pub(crate) fn operations() -> Vec<Operation> {
    let mut wanted = query("q", &field::needle(), "What the text contains.");
    if let Some(parameter) = wanted.as_object_mut() {
        parameter.insert("required".to_owned(), true.into());
    }
    let search = Operation::new(
        "get",
        "/v1.0/service_agents/talk_search",
        "searchMessages",
        "Searches messages",
    );
    vec![
        search
            .about(
                "What agents said in the caller's chats and what contains `q`, without case and \
                 accents, in any script, from one character on. What the system said or what was \
                 deleted is not found; medias are not searched. A search that would look at very many \
                 messages ends its page early: a page may be short, or empty, and is the last one \
                 only without a `next_page_token`. `Talk-Position` comes with `chat_id`.",
            )
            .takes([
                wanted,
                query("chat_id", &field::id_or_none(), "Messages of this chat."),
                query("from", &field::id_or_none(), "Messages of this agent."),
                query("after", &field::instant(), "Messages made after this time."),
                query("before", &field::instant(), "Messages made before it."),
            ])
            .paged()
            .reasons(&[
                "INVALID_ID",
                "LIMIT_EXCEEDED",
                "NUL_CHARACTER",
                "QUERY_REQUIRED",
                "TIME_INVALID",
            ])
            .refuses::<SearchMessagesError>()
            .lists("A page of messages.", &example::message())
            .placed(),
    ]
}
