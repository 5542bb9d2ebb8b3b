//! `/v1.0/ws`: the WebSocket.
//!
//! A connection is one task on the worker thread that accepted it. It reads the client's frames,
//! and converts notices of the node into frames, which wait in a bounded queue until the client
//! reads them. Events that do not fit are read from the log later.

mod admission;
mod positions;
mod revocations;
mod session;
mod subscription;

use std::sync::Arc;

use actix_web::{HttpMessage as _, HttpResponse};
use talk_domain::kernel::error::ErrorKind;
use talk_socket::{InputLimits, accept};

use crate::address::ClientAddress;
use crate::api_error::ApiError;
use crate::caller::Caller;
use crate::credentials::presented;
use crate::status::Status;
pub(crate) use admission::Admissions;
pub use admission::SocketLimits;
pub use revocations::{SessionRevocations, watch_revocations};
use session::Session;
pub(crate) use subscription::MAX_TOPICS;

/// Bytes that a frame of a client, or a text in several frames, may have, unless it is a `subscribe`.
const MAX_FRAME: usize = 64 * 1024;

/// Bytes that a `subscribe` may have: it names the positions of thousands of chats.
const MAX_SUBSCRIBE: usize = 1024 * 1024;

/// Bytes that all sockets together may hold of frames over [`MAX_FRAME`] that have not arrived
/// completely.
pub(crate) const LARGE_FRAMES: usize = 64 * 1024 * 1024;

pub(crate) async fn open(caller: Caller) -> Result<HttpResponse, ApiError> {
    let shared = caller.shared.clone();
    admission::check_origin(&caller.request, &shared)?;
    let token = presented(&caller.request)?;
    let admission = shared.admissions.admit(caller.cx.actor)?;
    let limits = InputLimits {
        message: MAX_SUBSCRIBE,
        free: MAX_FRAME,
        budget: Arc::clone(&shared.large_frames),
    };
    let head = caller.request.head();
    let accepted = accept(head, &mut caller.request.extensions_mut(), limits);
    let (response, socket) = accepted.map_err(|_| {
        ApiError::new(
            Status::Domain(ErrorKind::InvalidArgument),
            "UPGRADE_REQUIRED",
            "this is a WebSocket; send the headers of its handshake",
        )
    })?;
    let session = Session::new(
        (shared, admission, ClientAddress::of(&caller.request)),
        (caller.cx.actor, caller.session, token),
        socket,
    );
    actix_web::rt::spawn(session.run());
    Ok(response.into())
}
