//! The bell of one process.

use talk_domain::event::{Bell, LoggedEvent};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::broadcast::{self, Receiver, Sender};

/// Events kept for listeners that are behind; the frames themselves are shared, not copied.
const KEPT: usize = 4_096;

/// Tells every listener of this process about durable events. Ringing never waits: a listener that
/// falls behind loses the oldest events and is told so.
#[derive(Debug)]
pub struct LocalBell {
    sender: Sender<LoggedEvent>,
}

impl LocalBell {
    /// A bell nobody listens to yet.
    #[must_use]
    pub fn new() -> Self {
        Self::keeping(KEPT)
    }

    fn keeping(events: usize) -> Self {
        Self {
            sender: broadcast::channel(events).0,
        }
    }

    /// Hears of everything that becomes durable from now on.
    #[must_use]
    pub fn subscribe(&self) -> Listener {
        Listener {
            receiver: self.sender.subscribe(),
        }
    }
}

impl Default for LocalBell {
    fn default() -> Self {
        Self::new()
    }
}

impl Bell for LocalBell {
    fn ring(&self, committed: &[LoggedEvent]) {
        for event in committed {
            // An error means that nobody listens, which is no fault: the log has the event.
            let _ = self.sender.send(event.clone());
        }
    }
}

/// What a listener hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// This event is durable.
    Event(LoggedEvent),
    /// So many events were missed; the log has them.
    Missed(u64),
}

/// One listener of a [`LocalBell`].
#[derive(Debug)]
pub struct Listener {
    receiver: Receiver<LoggedEvent>,
}

impl Listener {
    /// The next thing heard, in commit order; `None` once the bell is gone. Cancelling loses
    /// nothing.
    pub async fn next(&mut self) -> Option<Heard> {
        match self.receiver.recv().await {
            Ok(event) => Some(Heard::Event(event)),
            Err(RecvError::Lagged(missed)) => Some(Heard::Missed(missed)),
            Err(RecvError::Closed) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use talk_domain::event::EventKind;
    use talk_domain::testing::chat_id;
    use uuid::Uuid;

    fn event(seq: u64) -> LoggedEvent {
        LoggedEvent {
            chat: chat_id(1),
            seq,
            kind: EventKind::MessagePosted,
            subject: Uuid::nil(),
            frame: "{}".into(),
        }
    }

    #[tokio::test]
    async fn every_listener_hears_every_event_in_order() {
        let bell = LocalBell::new();
        let mut listeners = [bell.subscribe(), bell.subscribe()];
        bell.ring(&[event(1), event(2)]);
        bell.ring(&[event(3)]);
        for listener in &mut listeners {
            for seq in 1..=3 {
                assert_eq!(listener.next().await, Some(Heard::Event(event(seq))));
            }
        }
    }

    #[tokio::test]
    async fn a_slow_listener_blocks_nobody_and_learns_how_much_it_missed() {
        let bell = LocalBell::keeping(2);
        let mut slow = bell.subscribe();
        for seq in 1..=5 {
            bell.ring(&[event(seq)]);
        }
        assert_eq!(slow.next().await, Some(Heard::Missed(3)));
        assert_eq!(slow.next().await, Some(Heard::Event(event(4))));
        assert_eq!(slow.next().await, Some(Heard::Event(event(5))));
    }

    #[tokio::test]
    async fn nobody_has_to_listen_and_nothing_is_heard_of_the_past() {
        let bell = LocalBell::default();
        bell.ring(&[event(1)]);
        let mut late = bell.subscribe();
        bell.ring(&[event(2)]);
        assert_eq!(late.next().await, Some(Heard::Event(event(2))));
    }

    #[tokio::test]
    async fn a_listener_outlives_its_bell_and_hears_the_rest() {
        let bell = LocalBell::new();
        let mut listener = bell.subscribe();
        bell.ring(&[event(1)]);
        drop(bell);
        assert_eq!(listener.next().await, Some(Heard::Event(event(1))));
        assert_eq!(listener.next().await, None);
    }
}
