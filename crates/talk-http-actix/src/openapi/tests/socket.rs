//! Compares the page about the socket with the code.

use talk_domain::kernel::live::{Ended, ResetReason};
use talk_domain::talk::model::event::EventKind;
use talk_wire::frame;
use talk_wire::socket::{ended, reset};

#[test]
fn every_type_of_event_and_every_reason_of_a_frame_is_described() {
    let page = include_str!("../../../SOCKET.md");
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
