//! The stream of a visitor: new messages of its conversation as Server-Sent Events, and an event `deleted`
//! for each message that was deleted meanwhile.
//!
//! A stream begins after a message that the visitor names by its `seq`, and so is resumed where the one
//! before it ended. It reads the conversation when it is woken, and with each [`HEARTBEAT`], and holds at
//! most [`CHUNK`] bytes for a client that does not read.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use actix_web::http::header::{CONTENT_TYPE, HeaderName};
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use conversation_domain::message::visit::{Visited, visit};
use futures_util::stream::unfold;
use talk_domain::files::model::StoredFile;
use talk_domain::kernel::id::{AccountId, ConversationId, ConversationMessageId};
use talk_domain::kernel::store::Unit;
use talk_wire::resource::VisitorMessage;
use tokio::sync::watch;
use tokio::time::{sleep, sleep_until};

use super::Since;
use super::streams::{Owners, Place, Waking, Woken};
use super::visitor::KnownVisitor;
use crate::api_error::ApiError;
use crate::caller::Reply;
use crate::endpoint::{Id, Queried};
use crate::files::path_to;
use crate::shared::Shared;

/// Interval of the comments that keep proxies from closing a quiet stream.
const HEARTBEAT: Duration = Duration::from_secs(25);

/// A stream ends after this time, and the client opens the next one: a client that is gone, or has lost
/// its rights, has none for longer.
const LONGEST: Duration = Duration::from_secs(600);

/// Bytes of messages after which a piece ends.
const CHUNK: usize = 64 * 1024;

/// The event that an agent types. Clients that resume a stream do not count it: it has no id.
const TYPING: &str = "event: typing\ndata: {}\n\n";

/// Tells nginx not to buffer the stream.
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Opens a stream after the message with `Last-Event-ID` or `since`.
pub(super) async fn follow(
    shared: web::Data<Shared>,
    request: HttpRequest,
    Id(account): Id<AccountId>,
    Queried(Since(since)): Queried<Since>,
) -> Reply {
    let known = KnownVisitor::admit(&shared, &request, account).await?;
    let last = request.headers().get("last-event-id");
    let last = last.and_then(|last| last.to_str().ok()?.parse().ok());
    let owners = Owners::new(&request, account, known.charged);
    let place = shared.visitors.take(owners)?;
    let now = Instant::now();
    let stream = Stream {
        own: shared.visitors.listen(known.charged),
        stopping: shared.api.stopping.clone(),
        conversation: None,
        since: last.unwrap_or(since),
        deleted: HashSet::new(),
        ends: now + LONGEST,
        next: Next::Open,
        shared,
        known,
        _place: place,
    };
    let pieces = unfold(stream, async |mut stream| {
        let piece = stream.piece().await?;
        Some((Ok::<_, actix_web::Error>(piece), stream))
    });
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CONTENT_TYPE, "text/event-stream"))
        .insert_header((X_ACCEL_BUFFERING, "no"));
    Ok(response.streaming(Box::pin(pieces)))
}

/// The next step of a stream.
enum Next {
    /// Send the head of the answer at once, with a first comment.
    Open,
    /// Read the conversation.
    Read,
    /// The stream has ended.
    End,
}

struct Stream {
    shared: web::Data<Shared>,
    known: KnownVisitor,
    since: u64,
    /// Deleted messages that the client has been sent, at most 200.
    deleted: HashSet<ConversationMessageId>,
    own: Woken,
    /// The conversation, once there is one.
    conversation: Option<(ConversationId, Woken)>,
    stopping: watch::Receiver<bool>,
    ends: Instant,
    next: Next,
    _place: Place,
}

impl Stream {
    /// Returns the next piece, or `None` at the end.
    async fn piece(&mut self) -> Option<Bytes> {
        match self.next {
            Next::Open => {
                self.next = Next::Read;
                return Some(Bytes::from_static(b"retry: 2000\n\n"));
            }
            Next::Read => {}
            Next::End => return None,
        }
        let mut signal = "";
        loop {
            match self.read().await {
                Ok(piece) if piece.is_empty() && signal.is_empty() => {}
                Ok(piece) => return Some(format!("{signal}{piece}").into()),
                Err(error) => {
                    tracing::debug!(reason = error.reason(), "a stream of a visitor ended");
                    return None;
                }
            }
            tokio::select! {
                _ = self.own.wait() => {}
                waking = changed(&mut self.conversation) => if waking == Waking::Typing {
                    signal = TYPING;
                },
                () = sleep(HEARTBEAT) => return Some(Bytes::from_static(b":\n\n")),
                () = sleep_until(self.ends.into()) => {
                    self.next = Next::End;
                    return Some(Bytes::from_static(b":\n\n"));
                }
                _ = self.stopping.wait_for(|is_stopping| *is_stopping) => return None,
            }
        }
    }

    /// Reads the next messages as events; none if there is nothing new.
    async fn read(&mut self) -> Result<String, ApiError> {
        loop {
            let unit = Unit::of(self.known.customer, "visit");
            let (visitor, since) = (self.known.visitor.clone(), self.since);
            let store = &self.shared.api.conversations;
            let visited = store.read(unit, move |snapshot| visit(snapshot, &visitor, since));
            let Some(visited) = visited.await.map_err(ApiError::from)? else {
                return Ok(String::new());
            };
            let id = visited.conversation.id;
            let is_known = self
                .conversation
                .as_ref()
                .is_some_and(|(known, _)| *known == id);
            if !is_known {
                // A conversation that was deleted is followed by another one, which is read from its start.
                self.since = if self.conversation.is_some() {
                    0
                } else {
                    self.since
                };
                // What arrived between the read and this is read by the next round.
                self.conversation = Some((id, self.shared.visitors.listen(id.0)));
                continue;
            }
            return Ok(self.events(&visited));
        }
    }

    /// Encodes messages, and the deletions of messages that were sent before.
    fn events(&mut self, visited: &Visited) -> String {
        let mut piece = String::new();
        let customer = self.known.customer;
        let shared = &self.shared;
        let link = |id| path_to(shared, StoredFile { customer, id });
        for id in &visited.deleted {
            if !self.deleted.contains(id) {
                // Writing to a string cannot fail.
                let _ = write!(piece, "event: deleted\ndata: {{\"id\":\"{id}\"}}\n\n");
            }
        }
        self.deleted = visited.deleted.iter().copied().collect();
        for message in &visited.messages {
            let data = talk_wire::json(&VisitorMessage::new(message, link));
            let _ = write!(piece, "id: {}\ndata: {data}\n\n", message.seq);
            self.since = message.seq;
            if message.deleted.is_some() {
                self.deleted.insert(message.id);
            }
            if piece.len() >= CHUNK {
                break;
            }
        }
        piece
    }
}

/// Waits until the conversation has changed.
async fn changed(conversation: &mut Option<(ConversationId, Woken)>) -> Waking {
    match conversation {
        Some((_, woken)) => woken.wait().await,
        None => std::future::pending().await,
    }
}
