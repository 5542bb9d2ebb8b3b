//! Converts notices of the node into outgoing frames.

use std::future::poll_fn;
use std::task::{Context, Poll, Waker};

use talk_domain::kernel::live::{Connection, Notice};
use talk_domain::kernel::log::Logged;

use talk_socket::Outgoing;
use talk_wire::legacy;
use talk_wire::resource::AgentPresence;
use talk_wire::socket::{Of, ServerFrame, Vocabulary, ended, replayed, reset};

use super::{Farewell, Session};

impl Session {
    /// Writes a notice and those that are ready after it, while the queue has space.
    pub(super) fn notify(&mut self, first: Notice) -> Result<(), Farewell> {
        let mut took = 0;
        let mut next = Some(first);
        while let Some(notice) = next {
            took += self.write(notice)?;
            let has_space = self.outgoing.has_space();
            next = has_space
                .then(|| ready_notice(&mut self.connection))
                .flatten();
        }
        if took > 0 {
            self.connection.acknowledge(took);
        }
        Ok(())
    }

    /// Sends a `position` frame for quiet chats, to clients that send ids.
    pub(super) fn send_positions(&mut self) {
        let quiet = self.positions.quiet();
        if self.is_modern && !quiet.is_empty() && self.outgoing.has_space() {
            self.outgoing.text(&ServerFrame::positions(&quiet).json());
        }
    }

    /// Queues the frame of an event, in each vocabulary in which the client subscribed to the chat.
    fn send_event(&self, event: &Logged, is_replay: bool) {
        let delivers = |vocabulary| {
            self.subscription
                .delivers(vocabulary, event.stream, event.seq)
        };
        let send = |frame: &str| {
            if is_replay {
                self.outgoing.text(&replayed(frame));
            } else {
                self.outgoing.text(frame);
            }
        };
        if delivers(Vocabulary::Chat) || delivers(Vocabulary::Conversation) {
            send(&event.payload);
        }
        if delivers(Vocabulary::Talk) {
            match legacy::frame::frame(event) {
                Ok(frame) => frame.iter().for_each(|frame| send(frame)),
                Err(error) => tracing::error!(%error, seq = event.seq, "a logged frame is damaged"),
            }
        }
    }

    /// Queues the frame of a notice. Returns the bytes of events in it.
    fn write(&mut self, notice: Notice) -> Result<usize, Farewell> {
        let bytes = notice.bytes();
        // The notice was queued before the client unsubscribed.
        if notice
            .stream()
            .is_some_and(|stream| !self.subscription.includes(stream))
        {
            return Ok(bytes);
        }
        let frame = match notice {
            Notice::Subscribed(subscribed) => {
                self.confirm(&subscribed)?;
                return Ok(bytes);
            }
            Notice::Event { event, is_replay } => {
                self.positions.set(event.stream, event.seq);
                self.send_event(&event, is_replay);
                return Ok(bytes);
            }
            Notice::Ephemeral(_, frame) | Notice::Report(frame) => {
                if self.is_modern {
                    self.outgoing.text(&frame);
                }
                return Ok(bytes);
            }
            Notice::Presence(agent, presence) => ServerFrame::AgentPresence {
                data: AgentPresence::new(agent, presence),
            },
            Notice::CaughtUp(stream, seq) => ServerFrame::CaughtUp {
                of: Of::from(stream),
                seq,
            },
            Notice::Lagging(stream, seq) => ServerFrame::Lagging {
                of: Of::from(stream),
                seq,
            },
            Notice::Reset(stream, reason, head) => {
                self.positions.set(stream, head);
                ServerFrame::Reset {
                    of: Of::from(stream),
                    reason: reset(reason),
                    head,
                }
            }
            Notice::Unsubscribed(stream, why, seq) => {
                self.subscription.remove_stream(stream);
                self.positions.remove_stream(stream);
                ServerFrame::Ended {
                    of: Of::from(stream),
                    reason: ended(why),
                    seq,
                }
            }
        };
        // Only clients that send ids know these frames.
        if self.is_modern {
            self.outgoing.text(&frame.json());
        }
        Ok(bytes)
    }
}

/// Returns the next notice, once the queue has space.
pub(super) async fn notice(
    connection: &mut Box<dyn Connection>,
    outgoing: &Outgoing,
) -> Option<Notice> {
    poll_fn(|cx| outgoing.poll_space(cx)).await;
    poll_fn(|cx| connection.poll_notice(cx)).await
}

/// Returns a notice if one is ready.
fn ready_notice(connection: &mut Box<dyn Connection>) -> Option<Notice> {
    let mut cx = Context::from_waker(Waker::noop());
    match connection.poll_notice(&mut cx) {
        Poll::Ready(notice) => notice,
        Poll::Pending => None,
    }
}
