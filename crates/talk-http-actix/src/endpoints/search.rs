//! `/v1.0/service_agents/talk_search`.

use actix_web::http::Method;
use talk_domain::kernel::needle::Needle;
use talk_domain::kernel::page::PageRequest;
use talk_domain::kernel::store::ReadLane;
use talk_domain::talk::model::needle::MessageSearch;
use talk_domain::talk::search::{SearchMessagesError, search_messages};
use talk_wire::resource::{List, Message};

use crate::api_error::ApiError;
use crate::caller::Caller;
use crate::endpoint::{Answer, Endpoint, Form, FromQuery, Parameter, Placed, Queried, QueryReader};
use crate::rate::HEAVY;

pub(super) fn rows() -> Vec<Endpoint> {
    vec![
        Endpoint::new(Method::GET, "/v1.0/service_agents/talk_search", list)
            .named("searchMessages", "Searches messages")
            .about(
                "What agents said in the caller's chats and what contains `q`, without case and \
                 accents, in any script, from one character on. What the system said or what was \
                 deleted is not found; medias are not searched. A search that would look at very \
                 many messages ends its page early: a page may be short, or empty, and is the \
                 last one only without a `next_page_token`. `Talk-Position` comes with `chat_id`.",
            ),
    ]
}

/// The query of the search.
struct Wanted {
    page: PageRequest,
    search: MessageSearch,
}

impl FromQuery for Wanted {
    fn read(query: &mut QueryReader) -> Result<Self, ApiError> {
        let page = query.page()?;
        let text = Parameter::new("q", Form::Text(Needle::LIMIT), "What the text contains.")
            .refused(&["LIMIT_EXCEEDED", "NUL_CHARACTER", "QUERY_REQUIRED"])
            .required("hello");
        let search = MessageSearch {
            needle: Needle::parse("q", query.get(text).unwrap_or_default())?,
            chat: query.id("chat_id", "Messages of this chat.")?,
            author: query.id("from", "Messages of this agent.")?,
            after: query.time("after", "Messages made after this time.")?,
            before: query.time("before", "Messages made before it.")?,
        };
        Ok(Self { page, search })
    }
}

async fn list(
    caller: Caller,
    Queried(wanted): Queried<Wanted>,
) -> Answer<Placed<List<Message>>, SearchMessagesError> {
    let Wanted { page, search } = wanted;
    caller.charge(HEAVY).await?;
    let read = caller.read_in(
        ReadLane::Search,
        "search_messages",
        move |snapshot, actor| search_messages(snapshot, actor, &search, page),
    );
    let (messages, place) = read.await?;
    Ok(caller.listed(place, &messages, |message| Message::from(message)))
}

#[cfg(test)]
mod tests {
    use crate::testing::{Scene, get};
    use talk_domain::kernel::page::Page;
    use talk_domain::testing::{a_chat, a_message, a_participant, agent_id, at, chat_id};
    use talk_wire::json;
    use talk_wire::resource::Message;

    const SEARCH: &str = "/v1.0/service_agents/talk_search";

    #[actix_web::test]
    async fn everything_in_the_query_is_searched_by() {
        let scene = Scene::new();
        scene.reads(|snapshot| {
            snapshot
                .chats
                .expect_get()
                .returning(|_| Ok(Some(a_chat())));
            let find = snapshot.participants.expect_find();
            find.returning(|_, agent| Ok(Some(a_participant(agent))));
            let search = snapshot.messages.expect_search();
            search
                .withf(|agent, search, request| {
                    *agent == agent_id(1)
                        && search.needle.as_str() == "hello"
                        && search.chat == Some(chat_id(1))
                        && search.author == Some(agent_id(2))
                        && search.after == Some(at(1))
                        && search.before == Some(at(2_000_000))
                        && request.size == 7
                })
                .return_once(|_, _, _| {
                    Ok(Page {
                        rows: vec![a_message(1)],
                        next: None,
                    })
                });
        });
        let query = format!(
            "q=HELLO&chat_id={}&from={}&after=1970-01-01%2000:00:00.000001&\
             before=1970-01-01T01:00:02%2B01:00&page_size=7",
            chat_id(1),
            agent_id(2)
        );
        let answer = scene.call(get(1, &format!("{SEARCH}?{query}"))).await;
        let message = json(&Message::from(&a_message(1)));
        assert_eq!(
            answer.body,
            format!(r#"{{"result":[{message}],"next_page_token":""}}"#)
        );
        let position = format!("e-1;{}=10", chat_id(1));
        assert_eq!(answer.header("talk-position"), position);
    }

    #[actix_web::test]
    async fn a_query_that_makes_no_sense_is_refused() {
        for (query, field, reason) in [
            ("", "q", "QUERY_REQUIRED"),
            ("q=", "q", "QUERY_REQUIRED"),
            ("q=%CC%81", "q", "QUERY_REQUIRED"),
            ("q=a%00", "q", "NUL_CHARACTER"),
            ("q=x&chat_id=7", "chat_id", "INVALID_ID"),
            ("q=x&from=alice", "from", "INVALID_ID"),
            ("q=x&after=yesterday", "after", "TIME_INVALID"),
            ("q=x&before=2024-01-17", "before", "TIME_INVALID"),
            ("q=x&page_size=0", "page_size", "PAGE_SIZE_INVALID"),
        ] {
            let answer = Scene::new()
                .call(get(1, &format!("{SEARCH}?{query}")))
                .await;
            assert_eq!(answer.status.as_u16(), 400, "{query}");
            assert_eq!(answer.refusal().1, reason, "{query}");
            assert_eq!(answer.refusal().2, field, "{query}");
        }
    }
}
