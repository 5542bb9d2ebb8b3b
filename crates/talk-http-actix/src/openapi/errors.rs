//! The catalogue of reasons as a page in Markdown.

mod html;

use std::fmt::Write as _;

use talk_domain::kernel::live::{Ended, ResetReason};
use talk_wire::reason::reasons;
use talk_wire::socket::{ALREADY_FOLLOWED, ended, reset};

use crate::status::Status;
pub(crate) use html::html;

const HEAD: &str = "# Errors

Every refusal is `{\"error\": {\"status\", \"reason\", \"message\", \"request_id\", \"details\"}}`. `status` has
one HTTP code each, `reason` is stable, `message` is for people and may change, and `details` name
the field as a path, and the limit it broke. Over the socket a refusal is
`{\"type\": \"error\", \"id\"?, \"reason\", \"message\"}` with the same reasons, and a topic that is refused is
named with its reason in the answer to `subscribe`.

429 and 503 come with `Retry-After`; a POST that is sent again with the same `Idempotency-Key` takes
effect once. Everything else is refused again until something changes.
";

/// The reasons for which the delivery of a chat ends or restarts.
const NOTICES: [(Notice, &str, &str); 7] = [
    (
        Notice::Ended(Ended::Removed),
        "The caller left the chat or was removed.",
        "Show the chat as left.",
    ),
    (
        Notice::Ended(Ended::Deleted),
        "The chat was deleted.",
        "Remove the chat.",
    ),
    (
        Notice::Ended(Ended::NotAParticipant),
        "The caller is no participant.",
        "Join, or ask to be added, then subscribe again.",
    ),
    (
        Notice::Reset(ResetReason::Epoch),
        "The position belongs to another log, for example before a restore.",
        "Read the chat anew and keep the new epoch.",
    ),
    (
        Notice::Reset(ResetReason::AheadOfHead),
        "The position is behind the last event there is.",
        "Read the chat anew.",
    ),
    (
        Notice::Reset(ResetReason::Retention),
        "The log no longer goes back so far.",
        "Read the chat anew.",
    ),
    (
        Notice::AlreadyFollowed,
        "The chat is followed by topics of the other vocabulary; these begin where those stand.",
        "Read the chat anew, or subscribe with one vocabulary.",
    ),
];

/// A frame that has a reason and is no refusal.
enum Notice {
    Ended(Ended),
    Reset(ResetReason),
    AlreadyFollowed,
}

impl Notice {
    const fn words(&self) -> (&'static str, &'static str) {
        match self {
            Self::Ended(why) => ("unsubscribed", ended(*why)),
            Self::Reset(why) => ("reset", reset(*why)),
            Self::AlreadyFollowed => ("reset", ALREADY_FOLLOWED),
        }
    }
}

/// Reasons of one kind, as rows of a table.
struct Section {
    title: String,
    columns: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

fn sections() -> Vec<Section> {
    let mut sections: Vec<_> = Status::ALL.iter().map(|status| of_sort(*status)).collect();
    let rows = NOTICES.iter().map(|(notice, meaning, fix)| {
        let (frame, reason) = notice.words();
        let named = [frame, reason].map(|name| format!("`{name}`"));
        let told = [meaning, fix].map(|text| (*text).to_owned());
        [named, told].concat()
    });
    sections.push(Section {
        title: "Frames of the socket".to_owned(),
        columns: vec!["frame", "reason", "meaning", "what to do"],
        rows: rows.collect(),
    });
    sections
}

fn of_sort(status: Status) -> Section {
    let word = status.word();
    let of_sort = reasons().filter(|known| known.status == word);
    let rows = of_sort.map(|known| {
        let (reason, meaning, fix) = (known.reason, known.meaning, known.fix);
        vec![format!("`{reason}`"), meaning.to_owned(), fix.to_owned()]
    });
    Section {
        title: format!("{word} ({})", status.code().as_u16()),
        columns: vec!["reason", "meaning", "what to do"],
        rows: rows.collect(),
    }
}

/// The page in Markdown.
#[must_use]
pub fn errors() -> String {
    let mut page = HEAD.to_owned();
    for section in sections() {
        let rule: String = section.columns.iter().map(|_| "---|").collect();
        let columns = section.columns.join(" | ");
        // Writing to a string cannot fail.
        let _ = write!(page, "\n## {}\n\n| {columns} |\n|{rule}\n", section.title);
        for row in section.rows {
            let _ = writeln!(page, "| {} |", row.join(" | "));
        }
    }
    page
}
