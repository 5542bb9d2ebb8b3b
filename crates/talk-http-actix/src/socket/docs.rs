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
