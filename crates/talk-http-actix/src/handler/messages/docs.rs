//! How messages are described.

use talk_domain::access::AccessError;
use talk_domain::message::delete::DeleteMessageError;
use talk_domain::message::edit::EditMessageError;
use talk_domain::message::list::ListMessagesError;
use talk_domain::message::post::PostMessageError;
use talk_wire::request::{EditMessage, PostMessage, PostMessageRefusal};
use talk_wire::resource::{Address, Media};

use crate::openapi::example::{self, CHAT, MESSAGE, either, sent};
use crate::openapi::{Need, Operation, field, number, query};

const ONE: &str = "/v1.0/service_agents/talk_messages/{message_id}";

/// What a media can be refused for.
const MEDIAS: [&str; 7] = [
    "INVALID_ID",
    "LIMIT_EXCEEDED",
    "MEDIA_ADDRESS_INVALID",
    "MEDIA_AGENT_NOT_FOUND",
    "MEDIA_FILE_NOT_FOUND",
    "MEDIA_TYPE_INVALID",
    "URL_INVALID",
];

pub(crate) fn operations() -> Vec<Operation> {
    vec![
        post(),
        list(),
        Operation::new("get", ONE, "showMessage", "Shows a message")
            .refuses::<AccessError>()
            .answers("The message.", &example::message())
            .placed(),
        edit(),
        Operation::new("delete", ONE, "deleteMessage", "Deletes a message")
            .about(
                "The author's. It becomes a tombstone: text, medias, reactions, earlier versions \
                 and logged events lose their content, replies keep their place. Deleting it \
                 again answers the same.",
            )
            .refuses::<DeleteMessageError>()
            .answers("The tombstone.", &example::message()),
        Operation::new(
            "get",
            "/v1.0/service_agents/talk_messages/{message_id}/revisions",
            "listRevisions",
            "Lists earlier versions of a message",
        )
        .paged()
        .refuses::<AccessError>()
        .lists("A page of versions.", &example::revision())
        .placed(),
        Operation::new(
            "get",
            "/v1.0/service_agents/talk_messages/{message_id}/read_by",
            "listReaders",
            "Lists who has read a message",
        )
        .paged()
        .refuses::<AccessError>()
        .lists("A page of readers.", &example::read_mark())
        .placed(),
    ]
}

pub(crate) fn post() -> Operation {
    let words = PostMessage {
        chat_id: Some(CHAT.to_owned()),
        kind: Some("normal".to_owned()),
        text: Some("Hello team!".to_owned()),
        ..PostMessage::default()
    };
    let answer = PostMessage {
        parent_id: Some(MESSAGE.to_owned()),
        medias: Some(medias()),
        ..words.clone()
    };
    Operation::new("post", super::MESSAGES, "postMessage", "Posts a message")
        .about(
            "Participants only. Text or at least one media. `parent_id` answers a message of the \
             same chat, also a deleted one, at any depth. The answer means that the message is \
             stored durably.",
        )
        .body::<PostMessage>(
            Need::Must,
            &either([
                sent("words", &words),
                sent("an answer with attachments", &answer),
            ]),
        )
        .once()
        .refuses::<PostMessageRefusal>()
        .refuses::<PostMessageError>()
        .reasons(&MEDIAS)
        .reasons(&["MESSAGE_TYPE_INVALID"])
        .answers("The message.", &example::message())
}

fn medias() -> Vec<Media> {
    let link = Media {
        kind: "link".to_owned(),
        link_url: Some("https://example.com/minutes".to_owned()),
        ..Media::default()
    };
    let address = Media {
        kind: "address".to_owned(),
        address: Some(Address {
            kind: "tel".to_owned(),
            target: "+15551234567".to_owned(),
            ..Address::default()
        }),
        ..Media::default()
    };
    vec![link, address]
}

pub(crate) fn list() -> Operation {
    let since = number(0, i64::MAX as u64, None);
    Operation::new("get", super::MESSAGES, "listMessages", "Lists messages")
        .about(
            "Of one chat, of one thread, or of all chats of the caller. Deleted messages appear \
             as tombstones. `Talk-Position` comes where the list concerns one chat.",
        )
        .takes([
            query("chat_id", &field::id_or_none(), "Messages of this chat."),
            query(
                "parent_id",
                &field::id_or_none(),
                "Direct replies to this message, which may be of any chat of the caller.",
            ),
            query(
                "root_id",
                &field::id_or_none(),
                "The thread of this message, and itself.",
            ),
            query(
                "since_seq",
                &since,
                "Messages after this event of `chat_id`.",
            ),
        ])
        .paged()
        .reasons(&["INVALID_ID", "SINCE_SEQ_INVALID"])
        .refuses::<ListMessagesError>()
        .lists("A page of messages.", &example::message())
        .placed()
}

pub(crate) fn edit() -> Operation {
    let request = EditMessage {
        text: Some("Hello everybody!".to_owned()),
        ..EditMessage::default()
    };
    Operation::new("put", ONE, "editMessage", "Edits a message")
        .about("The author's. What is absent stays; the version before is kept.")
        .body::<EditMessage>(Need::Must, &sent("another text", &request))
        .refuses::<EditMessageError>()
        .reasons(&MEDIAS)
        .answers("The message.", &example::message())
}
