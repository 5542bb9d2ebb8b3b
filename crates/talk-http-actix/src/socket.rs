//! `/v1.0/ws`: events as they happen.
//!
//! A connection is one task on the worker thread that accepted it. It reads the client's frames,
//! and turns what delivery tells it into frames on its way out, which wait in a bounded buffer for
//! the client to take them. What does not fit waits in the event log.

mod admission;
pub(crate) mod docs;
#[cfg(feature = "conformance")]
mod echo;
mod ends;
mod incoming;
mod large;
mod outgoing;
mod peer;
mod positions;
mod rate;
mod session;
mod subscription;

use std::rc::Rc;
use std::sync::Arc;

use actix_web::{FromRequest as _, HttpMessage as _, HttpResponse, web};
use talk_domain::error::ErrorKind;

use crate::address::ClientAddress;
use crate::api_error::ApiError;
use crate::caller::Caller;
use crate::credentials::presented;
use crate::status::Status;
pub(crate) use admission::Admissions;
#[cfg(feature = "conformance")]
pub use echo::echo;
pub use ends::{Ends, watch_ends};
use incoming::Incoming;
pub(crate) use large::LargeFrames;
use large::{Meter, metered};
use outgoing::Outgoing;
pub(crate) use peer::Peer;
use session::Session;

/// Bytes that a frame of a client, or a text in several frames, may have, unless it is a `subscribe`.
const MAX_FRAME: usize = 64 * 1024;

/// Bytes that a `subscribe` may have: it names the positions of thousands of chats.
const MAX_SUBSCRIBE: usize = 1024 * 1024;

/// How many connections there may be.
#[derive(Clone, Copy, Debug)]
pub struct SocketLimits {
    /// On this node.
    pub sockets: usize,
    /// Of one customer on this node.
    pub per_customer: usize,
    /// Of one agent on this node.
    pub per_agent: usize,
}

impl Default for SocketLimits {
    fn default() -> Self {
        Self {
            sockets: 20_000,
            per_customer: 15_000,
            per_agent: 100,
        }
    }
}

pub(crate) async fn open(caller: Caller, payload: web::Payload) -> Result<HttpResponse, ApiError> {
    let shared = caller.shared.clone();
    admission::check_origin(&caller.request, &shared)?;
    let token = presented(&caller.request)?;
    let admission = shared.admissions.admit(caller.cx.actor)?;
    // Without a peer the framework did not take it for a handshake, and keeps the connection.
    let peer = caller.request.extensions().get::<Peer>().cloned();
    let meter = Meter::new(Arc::clone(&shared.large_frames));
    let mut metered = metered(payload, Rc::clone(&meter));
    let payload = web::Payload::from_request(&caller.request, &mut metered).await;
    let handshake = payload.and_then(|payload| actix_ws::handle(&caller.request, payload));
    let Some(((response, _, messages), peer)) = handshake.ok().zip(peer) else {
        return Err(ApiError::new(
            Status::Domain(ErrorKind::InvalidArgument),
            "UPGRADE_REQUIRED",
            "this is a WebSocket; send the headers of its handshake",
        ));
    };
    let outgoing = Outgoing::default();
    let session = Session::new(
        (shared, admission, ClientAddress::of(&caller.request)),
        (caller.cx.actor, caller.session, token),
        Incoming::new(messages, MAX_SUBSCRIBE).metered(meter),
        outgoing.clone(),
        peer,
    );
    actix_web::rt::spawn(session.run());
    Ok(response.map_body(|_, framework| outgoing.body(framework)))
}
