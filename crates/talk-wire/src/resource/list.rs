//! Pages of lists: their JSON, and where they end.

use conversation_domain::model::account;
use conversation_domain::read::state::OwnConversation;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use talk_domain::files::model;
use talk_domain::hooks::{decision, delivery, webhook};
use talk_domain::identity::{access_key, agent};
use talk_domain::kernel::page::{Cursor, Page};
use talk_domain::talk::model::{chat, held, message, participant, read};

use crate::page_token;

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "{T}Page")]
pub struct List<T> {
    /// The rows.
    pub result: Vec<T>,
    /// Token of the next page; `""` on the last one.
    pub next_page_token: String,
}

/// A row of a list.
pub trait Row {
    /// Returns the cursor of the next page if this is the last row of a page. MUST be the one that
    /// the list itself would return.
    fn cursor(&self) -> Cursor;
}

/// Encodes a page as JSON, with rows converted by `show`. The page ends early, with the token of
/// the page that continues behind it, before the row that would bring it over `limit` bytes. A
/// single row over the limit is shown alone, so that every page has a row and paging comes to an
/// end.
pub fn encode<D: Row, T: Serialize>(
    page: &Page<D>,
    limit: usize,
    mut show: impl FnMut(&D) -> T,
) -> String {
    let mut json = String::from(r#"{"result":["#);
    let mut next = page.next;
    let mut last: Option<&D> = None;
    for row in &page.rows {
        let shown = crate::json(&show(row));
        if let Some(last) = last {
            if json.len() + shown.len() > limit {
                next = Some(last.cursor());
                break;
            }
            json.push(',');
        }
        json.push_str(&shown);
        last = Some(row);
    }
    json.push_str(r#"],"next_page_token":"#);
    json.push_str(&crate::json(&page_token::encode_next(next.as_ref())));
    json.push('}');
    json
}

impl Row for account::Account {
    fn cursor(&self) -> Cursor {
        Cursor {
            at: self.created,
            id: Some(self.id.0),
        }
    }
}

impl Row for conversation_domain::model::receipt::Receipt {
    fn cursor(&self) -> Cursor {
        Cursor {
            at: self.created,
            id: Some(self.id.0),
        }
    }
}

impl Row for conversation_domain::model::participant::Participant {
    fn cursor(&self) -> Cursor {
        Cursor {
            at: self.added,
            id: Some(self.agent.0),
        }
    }
}

impl Row for OwnConversation {
    fn cursor(&self) -> Cursor {
        Cursor {
            at: self.conversation.last.at,
            id: Some(self.conversation.id.0),
        }
    }
}

impl Row for conversation_domain::model::message::Message {
    fn cursor(&self) -> Cursor {
        Cursor {
            at: self.created,
            id: Some(self.id.0),
        }
    }
}

impl Row for chat::Chat {
    fn cursor(&self) -> Cursor {
        Cursor {
            at: self.created,
            id: Some(self.id.0),
        }
    }
}

impl Row for model::File {
    fn cursor(&self) -> Cursor {
        Cursor {
            at: self.created,
            id: Some(self.id.0),
        }
    }
}

impl Row for message::Message {
    fn cursor(&self) -> Cursor {
        Cursor {
            at: self.created,
            id: Some(self.id.0),
        }
    }
}

/// Versions of one message never tie.
impl Row for message::Revision {
    fn cursor(&self) -> Cursor {
        Cursor {
            at: self.written,
            id: None,
        }
    }
}

impl Row for participant::Participant {
    fn cursor(&self) -> Cursor {
        Cursor {
            at: self.joined,
            id: Some(self.id.0),
        }
    }
}

impl Row for read::ReadMark {
    fn cursor(&self) -> Cursor {
        Cursor {
            at: self.updated,
            id: Some(self.agent.0),
        }
    }
}

impl Row for agent::Agent {
    fn cursor(&self) -> Cursor {
        Cursor {
            at: self.created,
            id: Some(self.id.0),
        }
    }
}

impl Row for access_key::AccessKey {
    fn cursor(&self) -> Cursor {
        Cursor {
            at: self.created,
            id: Some(self.id.0),
        }
    }
}

impl Row for webhook::Webhook {
    fn cursor(&self) -> Cursor {
        Cursor {
            at: self.created,
            id: Some(self.id.0),
        }
    }
}

impl Row for decision::Decision {
    fn cursor(&self) -> Cursor {
        Cursor {
            at: self.created,
            id: Some(self.id.0),
        }
    }
}

impl Row for held::HeldMessage {
    fn cursor(&self) -> Cursor {
        Cursor {
            at: self.created,
            id: Some(self.id.0),
        }
    }
}

impl Row for delivery::Listed {
    fn cursor(&self) -> Cursor {
        Cursor {
            at: self.delivery.created,
            id: Some(self.delivery.id.0),
        }
    }
}

/// A row with additional data.
impl<D: Row, X> Row for (D, X) {
    fn cursor(&self) -> Cursor {
        self.0.cursor()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use talk_domain::testing::at;

    struct Numbered(u8);

    impl Row for Numbered {
        fn cursor(&self) -> Cursor {
            Cursor {
                at: at(i64::from(self.0)),
                id: None,
            }
        }
    }

    /// A row is 100 bytes long, but for number 7, which has 1,000.
    fn shown(row: &Numbered) -> String {
        let bytes = if row.0 == 7 { 1_000 } else { 100 };
        format!("{:0>width$}", row.0, width = bytes - 2)
    }

    fn page(rows: impl Iterator<Item = u8>, next: Option<u8>) -> Page<Numbered> {
        Page {
            rows: rows.map(Numbered).collect(),
            next: next.map(|n| Numbered(n).cursor()),
        }
    }

    fn read(json: &str) -> (Vec<u8>, Option<Cursor>) {
        let list: List<String> = serde_json::from_str(json).unwrap();
        let rows = list.result.iter().map(|row| row.parse().unwrap()).collect();
        let token = Some(list.next_page_token).filter(|token| !token.is_empty());
        (rows, token.map(|token| page_token::parse(&token).unwrap()))
    }

    #[test]
    fn a_page_within_its_limit_is_shown_whole() {
        for next in [None, Some(3)] {
            let page = page(1..=3, next);
            let json = encode(&page, 400, shown);
            assert_eq!(read(&json), (vec![1, 2, 3], page.next));
        }
        assert_eq!(
            encode(&page(0..0, None), 400, shown),
            r#"{"result":[],"next_page_token":""}"#
        );
    }

    /// Case 45.
    #[test]
    fn a_page_over_its_limit_ends_early_and_the_next_one_goes_on_behind_it() {
        for limit in [1, 150, 320, 1_100] {
            let (mut seen, mut from) = (Vec::new(), 1);
            loop {
                let json = encode(&page(from..=9, None), limit, shown);
                let (rows, next) = read(&json);
                let overhead = r#"{"result":[],"next_page_token":"1970-01-01 00:00:00.000000"}"#;
                assert!(rows.len() == 1 || json.len() <= limit + overhead.len());
                seen.extend(rows);
                let Some(next) = next else { break };
                let last = *seen.last().unwrap();
                assert_eq!(next, Numbered(last).cursor());
                from = last + 1;
            }
            assert_eq!(seen, (1..=9).collect::<Vec<_>>(), "{limit}");
        }
    }
}
