//! Live delivery: the streams that a connection is subscribed to, the notices that it gets, and the
//! ports between connections, delivery and the domains.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::kernel::context::Actor;
use crate::kernel::error::refusals;
use crate::kernel::future::BoxFuture;
use crate::kernel::id::{AgentId, CustomerId};
use crate::kernel::log::{LogPage, Logged, Portion};
use crate::kernel::store_error::StoreError;
use crate::kernel::stream::{Realm, StreamId};

/// The streams that a connection is subscribed to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Every stream of these realms that its agent may read, now and later.
    pub realms: BTreeSet<Realm>,
    /// These streams, for as long as its agent may read them.
    pub streams: BTreeSet<StreamId>,
}

impl Scope {
    /// Returns whether events of `stream` are in the scope.
    #[must_use]
    pub fn contains(&self, stream: StreamId) -> bool {
        self.realms.contains(&stream.realm) || self.streams.contains(&stream)
    }

    /// Returns the part of the scope that is in `realm`.
    #[must_use]
    pub fn within(&self, realm: Realm) -> Self {
        let streams = self.streams.iter().copied();
        Self {
            realms: self.realms.intersection(&[realm].into()).copied().collect(),
            streams: streams.filter(|stream| stream.realm == realm).collect(),
        }
    }

    /// Returns whether the scope contains no stream.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.realms.is_empty() && self.streams.is_empty()
    }
}

/// The positions of a connection that resumes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resume {
    /// The epoch of the log that the positions belong to.
    pub epoch: String,
    /// The `seq` of the last event that the client received, per stream.
    pub since: BTreeMap<StreamId, u64>,
}

/// The reason why a connection gets no more events of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Its agent left or was removed.
    Removed,
    /// The object of the stream was deleted.
    Deleted,
    /// Its agent never was a participant.
    NotAParticipant,
}

/// The reason why a position cannot be resumed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetReason {
    /// The position belongs to another log.
    Epoch,
    /// The stream has no such event yet.
    AheadOfHead,
    /// The log no longer has the events that follow it.
    Retention,
}

/// A notice for a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A subscription begins here; see [`Connection::subscribe`].
    Subscribed(Vec<Subscribed>),
    /// An event; `is_replay` when it is part of a resumption.
    Event {
        /// The event.
        event: Arc<Logged>,
        /// Whether the connection resumed from an earlier position.
        is_replay: bool,
    },
    /// A resumption is complete up to this event.
    CaughtUp(StreamId, u64),
    /// The connection fell behind after this event. The following events come from the log.
    Lagging(StreamId, u64),
    /// The position is invalid. Delivery continues after this event.
    Reset(StreamId, ResetReason, u64),
    /// After this event, no more events of the stream follow.
    Unsubscribed(StreamId, Ended, u64),
    /// A frame that is not in the log, for example of an agent that types.
    Ephemeral(StreamId, Arc<str>),
    /// The presence changed of an agent that is in a stream of this connection. Not in the log.
    Presence(AgentId, Presence),
    /// A frame for the agent that belongs to no stream. Not in the log.
    Report(Arc<str>),
}

impl Notice {
    /// Returns the stream that the notice is about, if it is about one.
    #[must_use]
    pub fn stream(&self) -> Option<StreamId> {
        match self {
            Self::Event { event, .. } => Some(event.stream),
            Self::CaughtUp(stream, _)
            | Self::Lagging(stream, _)
            | Self::Reset(stream, ..)
            | Self::Unsubscribed(stream, ..)
            | Self::Ephemeral(stream, _) => Some(*stream),
            Self::Subscribed(..) | Self::Presence(..) | Self::Report(_) => None,
        }
    }

    /// Returns the number of bytes by which the notice fills the bounded queue of its connection.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match self {
            Self::Event { event, .. } => event.payload.len(),
            Self::Ephemeral(_, frame) | Self::Report(frame) => frame.len(),
            Self::Presence(..) => 128,
            Self::Subscribed(..)
            | Self::CaughtUp(..)
            | Self::Lagging(..)
            | Self::Reset(..)
            | Self::Unsubscribed(..) => 0,
        }
    }
}

/// The presence of an agent: whether it is connected and active.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// One of its connections was active lately.
    Online,
    /// It is connected, but not active.
    Away,
    /// It is not connected.
    Offline,
}

impl Presence {
    /// `online`, `away` or `offline`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Away => "away",
            Self::Offline => "offline",
        }
    }
}

/// The position at which the delivery of a stream starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subscribed {
    /// The stream.
    pub stream: StreamId,
    /// The last event before the first one that is delivered.
    pub after: u64,
    /// The last event of the stream in the snapshot from which the subscription was computed.
    pub head: u64,
}

/// Streams that a connection named and its agent may not read, each with the reason of the refusal.
pub type Refused = Vec<(StreamId, &'static str)>;

refusals! {
    /// The reasons why a subscription failed as a whole.
    pub enum SubscribeError {
        Stopping = Unavailable "STOPPING" "the server is stopping",
        ..Store(StoreError),
    }
}

/// Driven port: delivers events to connections.
pub trait Live: Send + Sync {
    /// Creates a connection of `actor` without subscriptions. It ends when it is dropped.
    fn connect(&self, actor: Actor) -> Box<dyn Connection>;

    /// Returns the presence of each of these agents.
    fn presence(&self, agents: &[AgentId]) -> Vec<(AgentId, Presence)>;

    /// Sends a frame that is not in the log to the subscribers of a stream, for a sender without a
    /// connection, such as a person outside. It is delivered as [`Connection::send_ephemeral`] does.
    fn send_from_outside(&self, stream: StreamId, frame: Arc<str>);
}

/// The handle of one connection in [`Live`].
pub trait Connection: Send {
    /// Subscribes to `added` in addition to `current`, to which it is subscribed already. Its
    /// [`Notice::Subscribed`] separates the notices of the old scope from those of the new one.
    fn subscribe<'a>(
        &'a mut self,
        current: &Scope,
        added: &Scope,
        resume: &Resume,
    ) -> BoxFuture<'a, Result<Refused, SubscribeError>>;

    /// Ends the delivery of every stream outside `remaining`.
    fn unsubscribe(&mut self, remaining: &Scope);

    /// Returns the next notice; `None` when delivery has ended, because the server stops.
    fn poll_notice(&mut self, cx: &mut Context<'_>) -> Poll<Option<Notice>>;

    /// Records activity of the client, which keeps its agent online.
    fn mark_active(&mut self);

    /// Notes that the client received `bytes` [bytes](Notice::bytes) of notices, which frees space
    /// in its queue.
    fn acknowledge(&mut self, bytes: usize);

    /// Sends a frame that is not in the log to the live connections of other agents in the stream.
    fn send_ephemeral(&mut self, stream: StreamId, frame: Arc<str>);
}

/// The position at which the delivery of one stream begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// After the stream's last event.
    Head(u64),
    /// After an event that the connection has received.
    Since {
        /// That event.
        seq: u64,
        /// The stream's last event.
        head: u64,
    },
    /// Delivers one event to a former participant: the one that ended its membership. Everything
    /// before it is refused over REST too.
    Former {
        /// The event that ended the membership.
        until: u64,
        /// The stream's last event.
        head: u64,
    },
    /// After the stream's last event, because the position is invalid.
    Reset(ResetReason, u64),
}

impl Start {
    /// Returns the stream's last event in the snapshot.
    #[must_use]
    pub const fn head(&self) -> u64 {
        match *self {
            Self::Head(head)
            | Self::Since { head, .. }
            | Self::Former { head, .. }
            | Self::Reset(_, head) => head,
        }
    }

    /// Returns the last event in the snapshot that the connection may get.
    #[must_use]
    pub const fn last(&self) -> u64 {
        match *self {
            Self::Former { until, .. } => until,
            Self::Head(_) | Self::Since { .. } | Self::Reset(..) => self.head(),
        }
    }
}

/// The start of a subscription in each of its streams.
#[derive(Debug, Default)]
pub struct Starts {
    /// Streams that are delivered.
    pub streams: BTreeMap<StreamId, Start>,
    /// Streams of which the connection already has every event that its agent may read, each with
    /// the reason and the `seq` of the last such event.
    pub ended: Vec<(StreamId, Ended, u64)>,
    /// See [`Refused`].
    pub refused: Refused,
}

/// A part of the log for a connection that is behind, and the gap before it, if there is one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CatchUp {
    /// The events.
    pub log: LogPage,
    /// The reason why the events do not follow the position directly; `None` if they do.
    pub gap: Option<Gap>,
}

/// The reason why events do not directly follow the position from which the log was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gap {
    /// The log no longer has the events in between. The agent is a participant.
    Trimmed,
    /// The log no longer has the events in between, and the agent is no participant any more. The log
    /// has the event that ended its membership: the only one that the agent may get.
    Leaving {
        /// That event.
        left: u64,
        /// The stream's last event.
        head: u64,
    },
    /// Like [`Gap::Leaving`], but the log no longer has the event that ended the membership either.
    /// The agent left or was removed. The stream was not ended, because its last event always stays
    /// in the log.
    Left {
        /// The event that ended it.
        left: u64,
        /// The stream's last event.
        head: u64,
    },
    /// The stream was removed for good.
    Gone,
}

/// Driven port: which agents may read which streams. Each domain implements it for its realms.
pub trait Entitlements: Send + Sync {
    /// Computes where the delivery of `scope` begins for a connection of `actor` that resumes from
    /// `resume`. A former participant gets the event that ended its membership and no other.
    fn starts(
        &self,
        actor: Actor,
        scope: &Scope,
        resume: &Resume,
    ) -> BoxFuture<'_, Result<Starts, StoreError>>;

    /// Reads the events of a stream after a position at which `actor` was a participant.
    fn catch_up(
        &self,
        actor: Actor,
        stream: StreamId,
        portion: Portion,
    ) -> BoxFuture<'_, Result<CatchUp, StoreError>>;

    /// Returns the realms of which `actor` may read every stream of its customer, without joining
    /// it.
    fn overseen(&self, actor: Actor) -> BTreeSet<Realm>;

    /// Returns the streams whose participants see the presence of an agent.
    fn streams_of(
        &self,
        customer: CustomerId,
        agent: AgentId,
    ) -> BoxFuture<'_, Result<Vec<StreamId>, StoreError>>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{agent_id, logged, stream_id};

    /// WS-02: a topic without a chat id means every chat, and one with an id only that chat.
    #[test]
    fn a_scope_contains_the_streams_it_names_or_all() {
        let one = Scope {
            streams: [stream_id(1)].into(),
            ..Scope::default()
        };
        let all = Scope {
            realms: [stream_id(1).realm].into(),
            ..Scope::default()
        };
        let contains = |scope: &Scope| [1, 2].map(|n| scope.contains(stream_id(n)));
        assert_eq!(contains(&one), [true, false]);
        assert_eq!(contains(&all), [true, true]);
        assert_eq!(contains(&Scope::default()), [false, false]);
    }

    /// CONV-13: subscriptions to chats and to conversations are separate.
    #[test]
    fn a_scope_has_a_part_in_each_realm() {
        let [one, two] = ["one", "two"].map(Realm::new);
        let stream = |realm, n| StreamId {
            realm,
            id: stream_id(n).id,
        };
        let scope = Scope {
            realms: [one].into(),
            streams: [stream(one, 1), stream(two, 2)].into(),
        };
        assert!(scope.contains(stream(one, 9)) && scope.contains(stream(two, 2)));
        assert!(!scope.contains(stream(two, 9)));
        let part = scope.within(two);
        assert_eq!(part.streams, [stream(two, 2)].into());
        assert!(part.realms.is_empty() && !part.is_empty());
        assert_eq!(scope.within(one).realms, [one].into());
        assert!(scope.within(Realm::new("three")).is_empty());
    }

    /// WS-11: short and rare notices do not count.
    #[test]
    fn a_notice_has_a_stream_and_a_size() {
        let stream = stream_id(1);
        let event = Notice::Event {
            event: logged(stream, 5, &[], "0123456789"),
            is_replay: false,
        };
        for (notice, of, bytes) in [
            (event, Some(stream), 10),
            (Notice::Ephemeral(stream, "typing".into()), Some(stream), 6),
            (Notice::CaughtUp(stream, 5), Some(stream), 0),
            (Notice::Lagging(stream, 5), Some(stream), 0),
            (
                Notice::Reset(stream, ResetReason::Epoch, 5),
                Some(stream),
                0,
            ),
            (
                Notice::Unsubscribed(stream, Ended::Removed, 5),
                Some(stream),
                0,
            ),
            (Notice::Subscribed(vec![]), None, 0),
            (Notice::Presence(agent_id(1), Presence::Away), None, 128),
            (Notice::Report("report".into()), None, 6),
        ] {
            assert_eq!((notice.stream(), notice.bytes()), (of, bytes), "{notice:?}");
        }
    }

    #[test]
    fn a_start_has_the_head_and_the_last_event_for_its_connection() {
        const HEAD: u64 = 20;
        let former = Start::Former {
            until: 15,
            head: HEAD,
        };
        for (start, last) in [
            (Start::Head(HEAD), HEAD),
            (Start::Since { seq: 7, head: HEAD }, HEAD),
            (Start::Reset(ResetReason::Epoch, HEAD), HEAD),
            (former, 15),
        ] {
            assert_eq!((start.head(), start.last()), (HEAD, last), "{start:?}");
        }
    }

    /// WS-18.
    #[test]
    fn presence_has_three_words() {
        let words = [Presence::Online, Presence::Away, Presence::Offline].map(Presence::as_str);
        assert_eq!(words, ["online", "away", "offline"]);
    }
}
