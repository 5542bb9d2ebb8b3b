//! `/v1.0/service_agents/talk_events`: the event log over HTTP.

use std::borrow::Cow;
use std::sync::Arc;

use actix_web::http::Method;
use talk_domain::kernel::id::ChatId;
use talk_domain::kernel::log::{Logged, Portion};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::access::AccessError;
use talk_domain::talk::list_events::list_events;

use talk_wire::json;
use talk_wire::legacy;
use talk_wire::socket::Vocabulary;

use crate::api_error::ApiError;
use crate::caller::Caller;
use crate::endpoint::{
    Answer, Described, Endpoint, Form, FromQuery, Number, Parameter, Placed, Queried, QueryReader,
};
use crate::openapi::Operation;

const DEFAULT_LIMIT: u32 = 100;

pub(super) fn rows() -> Vec<Endpoint> {
    vec![
        Endpoint::new(Method::GET, "/v1.0/service_agents/talk_events", list)
            .named("listEvents", "Reads a chat's event log")
            .about(
                "Ascending, the frames byte for byte as the socket pushes them. An answer ends \
                 early with the frame that brings it to 1 MiB: more follows while `head` is \
                 ahead.",
            ),
    ]
}

/// The query of the list.
struct Wanted {
    dialect: Option<String>,
    limit: Option<u64>,
    chat: ChatId,
    since: Option<u64>,
}

impl FromQuery for Wanted {
    fn read(query: &mut QueryReader) -> Result<Self, ApiError> {
        let words = Form::Words(&["chat", "talk"]);
        let dialect = Parameter::new("dialect", words, "The vocabulary.")
            .refused(&["DIALECT_INVALID"])
            .or("chat")
            .legacy();
        Ok(Self {
            dialect: query.get(dialect).map(str::to_owned),
            limit: query.number(&Number {
                name: "limit",
                about: "How many at most.",
                least: 1,
                most: 1_000,
                default: Some("100"),
                reason: "LIMIT_INVALID",
            })?,
            chat: query.required_id("chat_id", "The chat.")?,
            since: query.number(&Number {
                name: "since",
                about: "The last event seen.",
                least: 0,
                most: i64::MAX as u64,
                default: Some("0"),
                reason: "SINCE_INVALID",
            })?,
        })
    }
}

/// A part of a chat's log.
struct EventPage;

impl Described for EventPage {
    fn describe(operation: Operation) -> Operation {
        operation.answers_events("Events after `since`.")
    }
}

async fn list(
    caller: Caller,
    Queried(wanted): Queried<Wanted>,
) -> Answer<Placed<EventPage>, AccessError> {
    let dialect = dialect(wanted.dialect.as_deref(), caller.shared.api.has_legacy)?;
    let limit = wanted.limit.and_then(|limit| u32::try_from(limit).ok());
    let since = wanted.since.unwrap_or_default();
    let portion = Portion {
        kinds: match dialect {
            Vocabulary::Chat | Vocabulary::Conversation => None,
            Vocabulary::Talk => Some(&legacy::frame::KINDS),
        },
        bytes: caller.shared.api.page_bytes,
        ..Portion::new(since, limit.unwrap_or(DEFAULT_LIMIT))
    };
    let chat = wanted.chat;
    let read = caller.read("list_events", move |snapshot, actor| {
        list_events(snapshot, actor, chat, portion)
    });
    let placed = read.await?;
    let epoch = json(&caller.store().epoch());
    let frames = frames(&placed.value.events, dialect)?;
    let range = (placed.value.log_start, placed.seq);
    Ok(caller.placed_json(&placed, spliced(&frames, range, &epoch)))
}

/// Returns the frames of `events`: in today's vocabulary the logged bytes.
fn frames(events: &[Arc<Logged>], dialect: Vocabulary) -> Result<Vec<Cow<'_, str>>, StoreError> {
    let frames = events.iter().filter_map(|event| match dialect {
        Vocabulary::Chat | Vocabulary::Conversation => Some(Ok(Cow::from(&*event.payload))),
        Vocabulary::Talk => legacy::frame::frame(event)
            .map_err(|error| StoreError::Corrupt(error.into()))
            .transpose()
            .map(|frame| frame.map(Cow::from)),
    });
    frames.collect()
}

/// Parses the requested vocabulary.
fn dialect(word: Option<&str>, has_legacy: bool) -> Result<Vocabulary, ApiError> {
    let Some(word) = word else {
        return Ok(Vocabulary::Chat);
    };
    let known = Vocabulary::parse(word).filter(|known| match known {
        Vocabulary::Chat => true,
        Vocabulary::Talk => has_legacy,
        Vocabulary::Conversation => false,
    });
    known.ok_or_else(|| {
        let words = if has_legacy { "chat or talk" } else { "chat" };
        ApiError::invalid("dialect", "DIALECT_INVALID", format!("must be {words}"))
    })
}

fn spliced(frames: &[Cow<'_, str>], (start, head): (u64, u64), epoch: &str) -> String {
    let frames = frames.join(",");
    format!(r#"{{"result":[{frames}],"log_start":{start},"head":{head},"epoch":{epoch}}}"#)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Scene, get};
    use talk_domain::kernel::log::LogPage;
    use talk_domain::talk::model::chat::Chat;
    use talk_domain::testing::{a_chat, a_participant, chat_id, posted, stream_id};

    fn uri(rest: &str) -> String {
        format!(
            "/v1.0/service_agents/talk_events?chat_id={}{rest}",
            chat_id(1)
        )
    }

    #[actix_web::test]
    async fn frames_go_out_byte_for_byte() {
        let scene = Scene::new();
        scene.reads(|snapshot| {
            let get = snapshot.chats.expect_get();
            get.returning(|_| {
                Ok(Some(Chat {
                    log_start: 7,
                    ..a_chat()
                }))
            });
            let find = snapshot.participants.expect_find();
            find.returning(|_, agent| Ok(Some(a_participant(agent))));
            let after = snapshot.events.expect_after();
            let wanted = Portion {
                bytes: 2_000,
                ..Portion::new(8, 2)
            };
            after
                .withf(move |stream, portion| (*stream, *portion) == (stream_id(1), wanted))
                .returning(|_, _| {
                    let events = vec![
                        posted(stream_id(1), 9, r#"{"b": 1}"#),
                        posted(stream_id(1), 10, r#"{"a":"é"}"#),
                    ];
                    let is_end = false;
                    Ok(LogPage { events, is_end })
                });
        });
        let answer = scene
            .call(get(1, &uri("&since=8&limit=2&dialect=chat")))
            .await;
        assert_eq!(
            answer.body,
            r#"{"result":[{"b": 1},{"a":"é"}],"log_start":7,"head":10,"epoch":"e-1"}"#
        );
        assert_eq!(
            answer.header("talk-position"),
            format!("e-1;{}=10", chat_id(1))
        );
    }

    #[actix_web::test]
    async fn a_bad_query_names_the_field() {
        for (rest, field) in [
            ("&limit=0", "limit"),
            ("&limit=1001", "limit"),
            ("&since=-1", "since"),
            ("&dialect=b", "dialect"),
        ] {
            let refused = Scene::new().call(get(1, &uri(rest))).await;
            assert_eq!(
                (refused.status.as_u16(), &*refused.refusal().2),
                (400, field)
            );
        }
        let refused = Scene::new()
            .call(get(1, "/v1.0/service_agents/talk_events"))
            .await;
        assert_eq!(refused.refusal().2, "chat_id");
    }
}
