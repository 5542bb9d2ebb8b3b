//! How the socket is described.

use talk_domain::live::FollowError;

use crate::openapi::Operation;

pub(crate) fn operations() -> Vec<Operation> {
    vec![
        Operation::new("get", "/v1.0/ws", "openSocket", "Opens the socket")
            .about(include_str!("../../SOCKET.md"))
            .reasons(&["ORIGIN_NOT_ALLOWED", "TOO_MANY_SOCKETS", "UPGRADE_REQUIRED"])
            .refuses::<FollowError>()
            .gives_code("101", "Frames from here on."),
    ]
}

#[cfg(test)]
mod tests {
    use talk_domain::event::EventKind;
    use talk_domain::live::{Ended, ResetReason};
    use talk_wire::frame;
    use talk_wire::socket::{ended, reset};

    #[test]
    fn every_type_of_event_and_every_reason_of_a_frame_is_described() {
        let page = include_str!("../../SOCKET.md");
        let events = EventKind::ALL.map(frame::name);
        let ends = [Ended::Removed, Ended::Deleted, Ended::NotAParticipant].map(ended);
        let resets = [
            ResetReason::Epoch,
            ResetReason::AheadOfHead,
            ResetReason::Retention,
        ]
        .map(reset);
        for word in [&events[..], &ends, &resets].concat() {
            assert!(page.contains(&format!("`{word}`")), "{word}");
        }
    }
}
