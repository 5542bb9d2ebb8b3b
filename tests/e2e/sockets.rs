//! Events as they happen, over the socket (SPEC 7).

use serde_json::{Value, json};

use crate::support::{Server, Socket};

#[tokio::test]
async fn a_message_reaches_every_participant_once_as_it_is_logged() {
    let server = Server::start().await;
    let [alice, bob] = server.agents(["alice", "bob"]).await;
    let chat = alice.chat("group", &[&bob]).await;
    let mut sockets = [
        Socket::following(&alice).await,
        Socket::following(&bob).await,
    ];
    let said = alice.say(&chat, "hello").await;
    let logged = alice.events(&chat).await;
    for socket in &mut sockets {
        let frame = socket.answer("chatmessage_created").await;
        assert_eq!(frame["data"], said);
        assert_eq!(Some(&frame), logged.last());
        socket.nothing_else().await;
    }
}
