//! Tracks connections that send more after a 429.

use std::cell::Cell;

use actix_web::HttpRequest;

/// The kinds of buckets, as bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Agent = 1,
    Customer = 2,
    Address = 4,
}

impl Kind {
    /// The name in metrics.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Customer => "customer",
            Self::Address => "address",
        }
    }
}

/// The state of one HTTP connection: the kinds of buckets that refused a request and have admitted
/// none without a wait since.
#[derive(Debug, Default)]
pub(crate) struct Pace(Cell<u8>);

/// Returns whether a bucket of this kind refused an earlier request of the connection.
pub(super) fn is_paced(request: &HttpRequest, kind: Kind) -> bool {
    let pace = request.conn_data::<Pace>();
    pace.is_some_and(|pace| pace.0.get() & kind as u8 != 0)
}

/// Records whether a bucket of this kind refused a request of the connection.
pub(super) fn pace(request: &HttpRequest, kind: Kind, is_refused: bool) {
    if let Some(Pace(kinds)) = request.conn_data::<Pace>() {
        let others = kinds.get() & !(kind as u8);
        kinds.set(if is_refused {
            others | kind as u8
        } else {
            others
        });
    }
}
