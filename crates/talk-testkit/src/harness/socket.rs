//! A raw WebSocket client that shows single frames.

use std::time::Duration;

use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, client_async, connect_async};

use super::Client;
use super::documented::assert_known;

/// How long anything may take to come.
const PATIENCE: Duration = Duration::from_secs(60);

/// An open connection.
pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// Frames about presence come at any time; they are skipped unless the test is about them.
    pub shows_presence: bool,
}

/// The handshake of `client`.
pub fn handshake(client: &Client) -> Request {
    let url = client.url().replacen("http", "ws", 1);
    let url = format!("{url}/v1.0/ws?token={}", client.token());
    url.into_client_request().expect("a handshake")
}

impl Socket {
    /// Connects.
    pub async fn open(client: &Client) -> Self {
        Self::open_with(handshake(client)).await
    }

    /// Connects with this handshake.
    pub async fn open_with(handshake: Request) -> Self {
        let (stream, _) = connect_async(handshake).await.expect("a socket");
        Self {
            stream,
            shows_presence: false,
        }
    }

    /// Connects with a very small receive buffer, so that unread frames wait in the server.
    pub async fn narrow(client: &Client) -> Self {
        let address = client.url().trim_start_matches("http://");
        let narrow = TcpSocket::new_v4().expect("a socket");
        narrow.set_recv_buffer_size(4_096).expect("its size");
        let stream = narrow.connect(address.parse().expect("an address")).await;
        let stream = MaybeTlsStream::Plain(stream.expect("a connection"));
        let (stream, _) = client_async(handshake(client), stream)
            .await
            .expect("a socket");
        Self {
            stream,
            shows_presence: false,
        }
    }

    /// The status that refuses this handshake.
    pub async fn refused(handshake: Request) -> u16 {
        match connect_async(handshake).await {
            Err(Error::Http(response)) => response.status().as_u16(),
            other => panic!("not refused: {other:?}"),
        }
    }

    /// Connects and subscribes to every chat of the client.
    pub async fn subscribed(client: &Client) -> Self {
        let mut socket = Self::open(client).await;
        socket
            .subscribe(&format!("agent_id:{}:chat", client.id))
            .await;
        socket
    }

    /// The same, unless the session is over before it follows.
    pub async fn try_subscribed(client: &Client) -> Option<Self> {
        let stream = match connect_async(handshake(client)).await {
            Ok((stream, _)) => stream,
            Err(Error::Http(_)) => return None,
            Err(error) => panic!("no socket: {error}"),
        };
        let mut socket = Self {
            stream,
            shows_presence: false,
        };
        let topics = [format!("agent_id:{}:chat", client.id)];
        socket
            .send(json!({"type": "subscribe", "id": "s", "topics": topics}))
            .await;
        let answer = socket.unless_closed().await?;
        assert_eq!(answer["type"], "subscribed", "{answer}");
        Some(socket)
    }

    /// Subscribes; the answer.
    pub async fn subscribe(&mut self, topic: &str) -> Value {
        self.subscribe_all(&[topic]).await
    }

    /// Subscribes to several topics at once; the answer.
    pub async fn subscribe_all(&mut self, topics: &[&str]) -> Value {
        self.send(json!({"type": "subscribe", "id": "s", "topics": topics}))
            .await;
        self.answer("subscribed").await
    }

    /// Resumes every chat of `client` after these events; the answer.
    pub async fn resume(&mut self, client: &Client, epoch: &str, since: Value) -> Value {
        let topic = format!("agent_id:{}:chat", client.id);
        self.send(json!({
            "type": "subscribe", "id": "s", "topics": [topic], "epoch": epoch, "since": since,
        }))
        .await;
        self.answer("subscribed").await
    }

    /// Sends a frame.
    pub async fn send(&mut self, frame: Value) {
        self.text(&frame.to_string()).await;
    }

    /// Sends a text, whether it is a frame or not.
    pub async fn text(&mut self, text: &str) {
        self.message(Message::text(text)).await;
    }

    /// Sends what may be no text; a server that has closed is no error here.
    pub async fn message(&mut self, message: Message) {
        let _ = self.stream.send(message).await;
    }

    /// The next frame.
    pub async fn next(&mut self) -> Value {
        let frame: Value = serde_json::from_str(&self.next_text().await).expect("JSON");
        let refused = frame["refused"].as_array().into_iter().flatten();
        for reason in refused.chain([&frame]).map(|given| &given["reason"]) {
            if let Some(reason) = reason.as_str() {
                assert_known(reason);
            }
        }
        frame
    }

    /// The next frame, byte for byte.
    pub async fn next_text(&mut self) -> String {
        match self.next_message().await {
            Message::Text(text) => text.to_string(),
            other => panic!("no frame but {other:?}"),
        }
    }

    /// The next frames, byte for byte.
    pub async fn texts(&mut self, count: usize) -> Vec<String> {
        let mut texts = Vec::with_capacity(count);
        for _ in 0..count {
            texts.push(self.next_text().await);
        }
        texts
    }

    /// Receives frames, byte for byte, up to the event of this message.
    pub async fn up_to(&mut self, said: &Value) -> Vec<String> {
        let mut texts = Vec::new();
        loop {
            let text = self.next_text().await;
            let frame: Value = serde_json::from_str(&text).expect("JSON");
            let is_last =
                frame["type"] == "chatmessage_created" && frame["data"]["id"] == said["id"];
            texts.push(text);
            if is_last {
                return texts;
            }
        }
    }

    async fn next_message(&mut self) -> Message {
        // Pings, which come as long as the connection stands, are nothing to wait for.
        let deadline = Instant::now() + PATIENCE;
        loop {
            let next = timeout_at(deadline, self.stream.next()).await;
            let next = next.expect("a frame in time").expect("an open socket");
            match next.expect("a frame") {
                Message::Ping(_) | Message::Pong(_) => {}
                Message::Text(text) if is_presence(&text) && !self.shows_presence => {}
                message => return message,
            }
        }
    }

    /// The next frame, which is of this type.
    pub async fn answer(&mut self, kind: &str) -> Value {
        let frame = self.next().await;
        assert_eq!(frame["type"], kind, "{frame}");
        frame
    }

    /// The next frame, or nothing once the server closes.
    pub async fn unless_closed(&mut self) -> Option<Value> {
        match self.next_message().await {
            Message::Text(text) => Some(serde_json::from_str(&text).expect("JSON")),
            _ => None,
        }
    }

    /// Receives frames until the server closes; returns the close code and reason.
    pub async fn closed(&mut self) -> (u16, String) {
        loop {
            if let Message::Close(close) = self.next_message().await {
                let close = close.expect("a code");
                // Answers the close.
                let _ = self.stream.flush().await;
                return (close.code.into(), close.reason.to_string());
            }
        }
    }

    /// Sends this again and again until the server closes; the code.
    pub async fn flood(&mut self, message: Message) -> u16 {
        let flood = async {
            loop {
                self.message(message.clone()).await;
                if let Some((code, _)) = self.closed().now_or_never() {
                    return code;
                }
            }
        };
        timeout(PATIENCE, flood).await.expect("the end in time")
    }

    /// Closes, and waits until the connection has ended.
    pub async fn close(mut self) {
        let _ = self.stream.close(None).await;
        let rest = async { while let Some(Ok(_)) = self.stream.next().await {} };
        timeout(PATIENCE, rest).await.expect("the end in time");
    }

    /// Checks that no frame arrives before the answer to a frame sent now.
    pub async fn nothing_else(&mut self) {
        self.send(json!({"type": "unsubscribe", "id": "end", "topics": ["agent_id:-:chat"]}))
            .await;
        let frame = self.next().await;
        assert_eq!(frame["id"], "end", "{frame}");
    }
}

fn is_presence(frame: &str) -> bool {
    frame.starts_with(r#"{"type":"agent_presence""#)
}
