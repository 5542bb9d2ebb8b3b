//! The event log over HTTP.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::call::Call;
use crate::client::Client;
use crate::error::ClientError;
use crate::event::{Event, Frame};

/// A page of a chat's event log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventPage {
    /// The events, in order.
    pub events: Vec<Frame>,
    /// The `seq` of the last expired event; the log holds those after it.
    pub log_start: u64,
    /// The `seq` of the chat's newest event.
    pub head: u64,
    /// The log.
    pub epoch: String,
}

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow)]
    result: Vec<&'a RawValue>,
    /// Older servers keep the whole log and do not send this field.
    #[serde(default)]
    log_start: u64,
    head: u64,
    epoch: String,
}

impl Client {
    /// Reads up to `limit` (1 to 1,000) events of a chat after `since`.
    ///
    /// # Errors
    /// `CHAT_NOT_FOUND`, `PERMISSION_DENIED` or [`ClientError`].
    pub async fn events(
        &self,
        chat: &str,
        since: u64,
        limit: u16,
    ) -> Result<EventPage, ClientError> {
        let call = Call::get(&["v1.0", "service_agents", "talk_events"])
            .with("chat_id", &chat)
            .with("since", &since)
            .with("limit", &limit);
        let body: Box<RawValue> = self.send(call).await?;
        page(body.get()).map_err(|error| ClientError::Protocol(error.to_string()))
    }

    /// Returns the position from which a chat is delivered that the agent joined while not
    /// connected: the `seq` before the agent joined, or 0 if it has been a participant from the
    /// beginning.
    pub(crate) async fn before_joining(&self, chat: &str) -> Result<u64, ClientError> {
        let agent = &self.me().await?.id;
        let mut joining = Joining::default();
        let mut since = 0;
        loop {
            let page = self.events(chat, since, 1_000).await?;
            let Some(last) = page.events.last() else {
                return Ok(joining.before());
            };
            since = last.seq;
            for frame in &page.events {
                joining.see(frame, agent);
            }
            if since >= page.head {
                return Ok(joining.before());
            }
        }
    }
}

fn page(body: &str) -> Result<EventPage, serde_json::Error> {
    let Wire {
        result,
        log_start,
        head,
        epoch,
    } = serde_json::from_str(body)?;
    let frames = result.into_iter().map(|raw| Frame::parse(raw.get()));
    Ok(EventPage {
        events: frames.collect::<Result<_, _>>()?,
        log_start,
        head,
        epoch,
    })
}

/// Searches the log for the event with which an agent last joined.
#[derive(Debug, Default)]
struct Joining {
    /// The `seq` before the first event in the log.
    first: Option<u64>,
    /// The `seq` before the last joining.
    last: Option<u64>,
    /// Whether an event other than the creation and its first participants was read.
    is_under_way: bool,
}

impl Joining {
    fn see(&mut self, frame: &Frame, agent: &str) {
        let before = frame.seq.saturating_sub(1);
        self.first.get_or_insert(before);
        match &frame.event {
            Event::ParticipantJoined(joined) if joined.owner_id == agent => {
                self.last = if self.is_under_way {
                    Some(before)
                } else {
                    self.first
                };
            }
            Event::ChatCreated(_) | Event::ParticipantJoined(_) => {}
            _ => self.is_under_way = true,
        }
    }

    /// The position. If the joining has expired, all events that are left come after it.
    fn before(&self) -> u64 {
        self.last.or(self.first).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use talk_wire::resource::Participant;

    fn joined(seq: u64, agent: &str) -> Frame {
        let participant = Participant {
            id: format!("p-{seq}"),
            customer_id: "u".into(),
            owner_type: "agent".into(),
            owner_id: agent.into(),
            chat_id: "c".into(),
            tm_joined: String::new(),
        };
        other(seq, Event::ParticipantJoined(participant))
    }

    fn other(seq: u64, event: Event) -> Frame {
        Frame {
            chat_id: "c".into(),
            seq,
            is_replay: false,
            event,
            raw: String::new(),
        }
    }

    fn said(seq: u64) -> Frame {
        other(seq, Event::Other { kind: "x".into() })
    }

    fn before(frames: &[Frame]) -> u64 {
        let mut joining = Joining::default();
        for frame in frames {
            joining.see(frame, "me");
        }
        joining.before()
    }

    #[test]
    fn a_founder_gets_everything_and_a_late_comer_what_came_since() {
        assert_eq!(before(&[joined(2, "she"), joined(3, "me"), said(4)]), 1);
        assert_eq!(before(&[said(4), joined(5, "me"), said(6)]), 4);
        let back = [said(4), joined(5, "me"), said(6), joined(9, "me")];
        assert_eq!(before(&back), 8);
    }

    #[test]
    fn without_the_joining_everything_that_is_left_came_since() {
        assert_eq!(before(&[said(41), said(42)]), 40);
        assert_eq!(before(&[]), 0);
    }
}
