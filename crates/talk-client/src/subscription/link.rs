//! One connection.

use std::collections::VecDeque;
use std::pin::pin;
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use talk_wire::socket::ClientFrame;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::handshake::client::{Request, Response};
use tokio_tungstenite::tungstenite::http::header::{AUTHORIZATION, RETRY_AFTER};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::client::Client;
use crate::error::ClientError;
use crate::incoming::{Incoming, parse};

/// Timeout of the handshake and of each sent message.
const PATIENCE: Duration = Duration::from_secs(15);

/// After this time without any frame the client sends a ping; after the same time without an answer
/// the connection counts as lost.
const QUIET: Duration = Duration::from_secs(30);

/// The longest `retry_ms` of a server that is honoured.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// The reason why a connection was lost.
#[derive(Debug)]
pub(super) enum Lost {
    /// A permanent error: no reconnection.
    Permanently(ClientError),
    /// The server named the time at which to reconnect.
    RetryAfter(String, Duration),
    ForNow(String),
}

impl Lost {
    pub(super) fn because(reason: impl Into<String>) -> Self {
        Self::ForNow(reason.into())
    }
}

impl From<ClientError> for Lost {
    fn from(error: ClientError) -> Self {
        if error.is_transient() {
            Self::ForNow(error.to_string())
        } else {
            Lost::Permanently(error)
        }
    }
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// An open socket.
pub(super) struct Link {
    sink: SplitSink<Socket, Message>,
    stream: SplitStream<Socket>,
    /// Messages received while sending.
    received: VecDeque<Option<Result<Message, Error>>>,
    heard_at: Instant,
    asked_at: Option<Instant>,
}

impl Link {
    /// Connects. Returns the connection and the id of its agent.
    pub(super) async fn open(client: Client) -> Result<(Self, String), Lost> {
        let agent = client.me().await?.id.clone();
        let handshake = handshake(&client)?;
        let connected = timeout(PATIENCE, connect_async(handshake)).await;
        let connected = connected.map_err(|_| Lost::because("the handshake takes too long"))?;
        let (socket, _) = connected.map_err(refused)?;
        Ok((Self::new(socket), agent))
    }

    fn new(socket: Socket) -> Self {
        let (sink, stream) = socket.split();
        Self {
            sink,
            stream,
            received: VecDeque::new(),
            heard_at: Instant::now(),
            asked_at: None,
        }
    }

    /// Sends frames and returns the connection.
    pub(super) async fn send(mut self, frames: Vec<ClientFrame>) -> Result<Self, Lost> {
        for frame in frames {
            let text = serde_json::to_string(&frame);
            let text = text.map_err(|error| Lost::because(error.to_string()))?;
            self.message(Message::text(text)).await?;
        }
        Ok(self)
    }

    /// Receives the next frame. Cancellation safe.
    pub(super) async fn next(&mut self) -> Result<Incoming, Lost> {
        loop {
            let deadline = self.asked_at.unwrap_or(self.heard_at) + QUIET;
            let message = match self.received.pop_front() {
                Some(message) => message,
                None => match timeout_at(deadline, self.stream.next()).await {
                    Ok(message) => message,
                    Err(_) if self.asked_at.is_some() => {
                        return Err(Lost::because("the server has fallen silent"));
                    }
                    Err(_) => {
                        self.asked_at = Some(Instant::now());
                        self.message(Message::Ping(Bytes::new())).await?;
                        continue;
                    }
                },
            };
            self.heard_at = Instant::now();
            self.asked_at = None;
            match message {
                Some(Ok(Message::Text(text))) => {
                    return parse(&text)
                        .map_err(|error| ClientError::Protocol(error.to_string()).into());
                }
                Some(Ok(Message::Close(frame))) => return Err(closed(frame)),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(Lost::because(error.to_string())),
                None => return Err(Lost::because("the connection has ended")),
            }
        }
    }

    /// Sends a message and receives meanwhile: a server whose send buffer is full would not read.
    async fn message(&mut self, message: Message) -> Result<(), Lost> {
        let mut sending = pin!(timeout(PATIENCE, self.sink.send(message)));
        let sent = loop {
            tokio::select! {
                sent = &mut sending => break sent,
                message = self.stream.next() => {
                    let is_over = !matches!(message, Some(Ok(_)));
                    self.received.push_back(message);
                    if is_over {
                        break sending.await;
                    }
                }
            }
        };
        match sent {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Lost::because(error.to_string())),
            Err(_) => Err(Lost::because("the server takes nothing")),
        }
    }
}

fn handshake(client: &Client) -> Result<Request, Lost> {
    let invalid =
        |error: &dyn ToString| Lost::Permanently(ClientError::transport(error.to_string()));
    let url = client.at(["v1.0", "ws"]);
    let url = url.as_str().replacen("http", "ws", 1);
    let mut request = url.into_client_request().map_err(|e| invalid(&e))?;
    let token = format!("Bearer {}", client.token());
    let token = token.parse().map_err(|e| invalid(&e))?;
    request.headers_mut().insert(AUTHORIZATION, token);
    Ok(request)
}

/// Maps a failed handshake to [`Lost`].
fn refused(error: Error) -> Lost {
    match error {
        Error::Http(response) => {
            let body = response.body().as_deref().unwrap_or_default();
            let error = ClientError::refused(response.status().as_u16(), body);
            match retry_after(&response) {
                Some(wait) if error.is_transient() => Lost::RetryAfter(error.to_string(), wait),
                _ => error.into(),
            }
        }
        Error::Url(_) | Error::HttpFormat(_) => Lost::Permanently(ClientError::transport(error)),
        error => Lost::because(error.to_string()),
    }
}

fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    let wait = Duration::from_secs(seconds.parse().ok()?);
    (wait <= LONGEST_WAIT).then_some(wait)
}

/// Maps a close frame to [`Lost`].
fn closed(frame: Option<CloseFrame>) -> Lost {
    let Some(CloseFrame { code, reason }) = frame else {
        return Lost::because("the server closed the connection");
    };
    let (code, reason) = (u16::from(code), reason.to_string());
    match code {
        1003 | 1007..=1009 | 4400 | 4401 => Lost::Permanently(ClientError::Closed { code, reason }),
        _ => {
            let wait = reason
                .strip_prefix("retry_ms=")
                .and_then(|ms| ms.parse().ok());
            let wait = wait
                .map(Duration::from_millis)
                .filter(|wait| *wait <= LONGEST_WAIT);
            let text = format!("the server closed with {code} {reason}");
            match wait {
                Some(wait) if code == 4503 => Lost::RetryAfter(text, wait),
                _ => Lost::ForNow(text),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;
    use tokio_tungstenite::accept_async;

    use super::*;

    const FRAMES: usize = 64;

    fn close(code: u16, reason: &str) -> Lost {
        closed(Some(CloseFrame {
            code: code.into(),
            reason: reason.into(),
        }))
    }

    #[test]
    fn a_restarting_server_says_when_to_come_back() {
        let Lost::RetryAfter(_, wait) = close(4503, "retry_ms=1250") else {
            panic!("no time");
        };
        assert_eq!(wait, Duration::from_millis(1_250));
        for reason in ["", "retry_ms=x", "retry_ms=99999999999"] {
            assert!(matches!(close(4503, reason), Lost::ForNow(_)), "{reason}");
        }
    }

    #[test]
    fn some_close_codes_are_final() {
        for code in [4401, 1008, 4400, 1009] {
            assert!(matches!(close(code, "x"), Lost::Permanently(_)), "{code}");
        }
        for code in [1000, 1001, 1006, 1011, 4408, 4429] {
            assert!(matches!(close(code, "x"), Lost::ForNow(_)), "{code}");
        }
        assert!(matches!(closed(None), Lost::ForNow(_)));
    }

    #[test]
    fn the_token_goes_in_a_header() {
        let client = Client::with_token("http://h:1/talk", "secret").unwrap();
        let request = handshake(&client).unwrap();
        assert_eq!(request.uri(), "ws://h:1/talk/v1.0/ws");
        assert_eq!(request.headers()[AUTHORIZATION], "Bearer secret");
    }

    /// The server answers many frames with more than the socket buffers hold.
    #[tokio::test]
    async fn what_comes_is_taken_while_much_is_sent() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let mut socket = accept_async(stream).await.unwrap();
            for _ in 0..FRAMES {
                let position = r#"{"type":"position","chats":{}}"#;
                let padding = " ".repeat(256 * 1024);
                let text = format!("{position}{padding}");
                socket.send(Message::text(text)).await.unwrap();
            }
            for _ in 0..FRAMES {
                socket.next().await.unwrap().unwrap();
            }
        });
        let (socket, _) = connect_async(format!("ws://{address}")).await.unwrap();
        let frame = ClientFrame {
            kind: "x".repeat(256 * 1024),
            ..ClientFrame::default()
        };
        let link = Link::new(socket).send(vec![frame; FRAMES]).await;
        let mut link = link.unwrap_or_else(|lost| panic!("{lost:?}"));
        for _ in 0..FRAMES {
            assert!(matches!(link.next().await, Ok(Incoming::Other)));
        }
        server.await.unwrap();
    }
}
