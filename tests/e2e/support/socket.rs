//! A raw client of the socket: what it sends and gets is seen frame by frame.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::Client;

/// How long anything may take to come.
const PATIENCE: Duration = Duration::from_secs(10);

/// An open connection.
pub(crate) struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

/// The handshake of `client`.
pub(crate) fn handshake(client: &Client) -> Request {
    let url = client.url().replacen("http", "ws", 1);
    let url = format!("{url}/v1.0/ws?token={}", client.token());
    url.into_client_request().expect("a handshake")
}

impl Socket {
    /// Connects.
    pub(crate) async fn open(client: &Client) -> Self {
        Self::open_with(handshake(client)).await
    }

    /// Connects with this handshake.
    pub(crate) async fn open_with(handshake: Request) -> Self {
        let (stream, _) = connect_async(handshake).await.expect("a socket");
        Self { stream }
    }

    /// The status that refuses this handshake.
    pub(crate) async fn refused(handshake: Request) -> u16 {
        match connect_async(handshake).await {
            Err(Error::Http(response)) => response.status().as_u16(),
            other => panic!("not refused: {other:?}"),
        }
    }

    /// Connects and follows every chat of the client.
    pub(crate) async fn following(client: &Client) -> Self {
        let mut socket = Self::open(client).await;
        socket.follow(&format!("agent_id:{}:chat", client.id)).await;
        socket
    }

    /// Subscribes; the answer.
    pub(crate) async fn follow(&mut self, topic: &str) -> Value {
        self.send(json!({"type": "subscribe", "id": "s", "topics": [topic]}))
            .await;
        self.answer("subscribed").await
    }

    /// Resumes every chat of `client` after these events; the answer.
    pub(crate) async fn resume(&mut self, client: &Client, epoch: &str, since: Value) -> Value {
        let topic = format!("agent_id:{}:chat", client.id);
        self.send(json!({
            "type": "subscribe", "id": "s", "topics": [topic], "epoch": epoch, "since": since,
        }))
        .await;
        self.answer("subscribed").await
    }

    pub(crate) async fn send(&mut self, frame: Value) {
        self.text(&frame.to_string()).await;
    }

    pub(crate) async fn text(&mut self, text: &str) {
        self.message(Message::text(text)).await;
    }

    /// Sends what may be no text; a server that has closed is no error here.
    pub(crate) async fn message(&mut self, message: Message) {
        let _ = self.stream.send(message).await;
    }

    /// The next frame.
    pub(crate) async fn next(&mut self) -> Value {
        match self.next_message().await {
            Message::Text(text) => serde_json::from_str(&text).expect("JSON"),
            other => panic!("no frame but {other:?}"),
        }
    }

    async fn next_message(&mut self) -> Message {
        loop {
            let next = timeout(PATIENCE, self.stream.next()).await;
            let next = next.expect("a frame in time").expect("an open socket");
            match next.expect("a frame") {
                Message::Ping(_) | Message::Pong(_) => {}
                message => return message,
            }
        }
    }

    /// The next frame, which is of this type.
    pub(crate) async fn answer(&mut self, kind: &str) -> Value {
        let frame = self.next().await;
        assert_eq!(frame["type"], kind, "{frame}");
        frame
    }

    /// Frames up to one of this type.
    pub(crate) async fn until(&mut self, kind: &str) -> Vec<Value> {
        let mut frames = Vec::new();
        loop {
            let frame = self.next().await;
            let is_last = frame["type"] == kind;
            frames.push(frame);
            if is_last {
                return frames;
            }
        }
    }

    /// The code the server closes with, after whatever else comes.
    pub(crate) async fn closed(&mut self) -> (u16, String) {
        loop {
            if let Message::Close(close) = self.next_message().await {
                let close = close.expect("a code");
                return (close.code.into(), close.reason.to_string());
            }
        }
    }

    /// Closes and waits for the end.
    pub(crate) async fn close(mut self) {
        let _ = self.stream.close(None).await;
        while let Some(Ok(_)) = self.stream.next().await {}
    }

    /// Sends nothing more and gets nothing up to the answer to a frame of its own: whatever was
    /// on its way has come.
    pub(crate) async fn nothing_else(&mut self) {
        self.send(json!({"type": "unsubscribe", "id": "end", "topics": ["agent_id:-:chat"]}))
            .await;
        let frame = self.next().await;
        assert_eq!(frame["id"], "end", "{frame}");
    }
}
