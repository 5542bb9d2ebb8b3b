//! Connections of sockets. The framework hands them over and keeps nothing, so that
//! one that only waits costs little, and one whose client takes nothing can be ended.

use std::convert::Infallible;
use std::fmt::Debug;
use std::future::poll_fn;
use std::io;
use std::net::{Shutdown, SocketAddr};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_codec::{Encoder, Framed};
use actix_http::body::{BoxBody, MessageBody};
use actix_http::error::PayloadError;
use actix_http::h1::{Codec, Message};
use actix_http::{
    BoxedPayloadStream, ConnectionType, HttpMessage as _, Payload, Request, Response, StatusCode,
};
use actix_service::{Service, ServiceFactory, fn_factory};
use actix_web::rt::net::TcpStream;
use actix_web::rt::time::timeout;
use bytes::{Bytes, BytesMut};
use futures_util::Stream;
use futures_util::future::LocalBoxFuture;
use socket2::SockRef;

use super::wire::{Wire, head_without_upgrade};
use crate::socket::Peer;

/// Bytes read at a time.
const READ: usize = 8 * 1024;

/// Bytes read before others have their turn: whoever reads them reads until nothing is there, which
/// with a fast client would be never.
const TURN: usize = 32 * 1024;

/// How long a client may take to read that it is refused.
const REFUSAL: Duration = Duration::from_secs(30);

/// How long a refused client may go on sending; with something unread it would not see the refusal.
const LINGER: Duration = Duration::from_secs(1);

/// What the framework hands over.
type Upgrade = (Request, Framed<Wire, Codec>);

/// Whether a request may leave HTTP.
pub(crate) type IsSocket = fn(&Request) -> bool;

/// Answers requests for another protocol. One that `is_socket` is answered by `app`, and then the
/// connection carries the bytes of that protocol if the answer agrees. Any other is an ordinary
/// request: `http` serves its connection from this request on.
pub(super) fn upgrade<F, G>(
    is_socket: IsSocket,
    app: F,
    http: G,
) -> impl ServiceFactory<
    Upgrade,
    Config = (),
    Response = (),
    Error = Infallible,
    InitError = (),
    Service = Upgraded<F::Service, G::Service>,
    Future: 'static,
>
where
    F: ServiceFactory<Request, Config = (), InitError: Debug> + 'static,
    F::Service: 'static,
    F::Response: Into<Response<BoxBody>>,
    F::Error: Into<Response<BoxBody>>,
    G: ServiceFactory<(Wire, Option<SocketAddr>), Config = (), InitError: Debug> + 'static,
    G::Service: 'static,
{
    fn_factory(move || {
        let (app, http) = (app.new_service(()), http.new_service(()));
        async move {
            Ok(Upgraded {
                is_socket,
                app: app.await.map_err(|error| failed(&error))?,
                http: Rc::new(http.await.map_err(|error| failed(&error))?),
            })
        }
    })
}

fn failed(error: &impl Debug) {
    tracing::error!(?error, "the service of a worker was not made");
}

/// A worker's share of [`upgrade`].
pub(super) struct Upgraded<S, H> {
    is_socket: IsSocket,
    app: S,
    http: Rc<H>,
}

impl<S, H> Service<Upgrade> for Upgraded<S, H>
where
    S: Service<Request> + 'static,
    S::Response: Into<Response<BoxBody>>,
    S::Error: Into<Response<BoxBody>>,
    H: Service<(Wire, Option<SocketAddr>)> + 'static,
{
    type Response = ();
    type Error = Infallible;
    type Future = LocalBoxFuture<'static, Result<(), Infallible>>;

    fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // Whoever is refused by a service that is not ready gets its error as an answer.
        self.app.poll_ready(cx).map(|_| Ok(()))
    }

    fn call(&self, (request, framed): Upgrade) -> Self::Future {
        let parts = framed.into_parts();
        if !(self.is_socket)(&request) {
            let mut first = head_without_upgrade(&request);
            first.extend_from_slice(&parts.read_buf);
            let http = Rc::clone(&self.http);
            return Box::pin(async move {
                // Errors mean that the client has gone.
                if send(parts.io.stream(), &parts.write_buf).await.is_ok() {
                    let peer = request.peer_addr();
                    let connection = parts.io.behind(first.freeze());
                    drop((request, parts.write_buf, parts.read_buf));
                    let _ = http.call((connection, peer)).await;
                }
                Ok(())
            });
        }
        let stream = Rc::new(parts.io.into_stream());
        let payload: BoxedPayloadStream = Box::pin(Input {
            // A copy, without the room the framework had for more.
            left: Bytes::copy_from_slice(&parts.read_buf),
            taken: 0,
            stream: Rc::clone(&stream),
        });
        let (request, _) = request.replace_payload(Payload::Stream { payload });
        request
            .extensions_mut()
            .insert(Peer::new(Rc::clone(&stream)));
        let answer = self.app.call(request);
        let (codec, unsent) = (parts.codec, parts.write_buf);
        Box::pin(async move {
            let answer = answer.await.map_or_else(Into::into, Into::into);
            // The end of answers to earlier requests on this connection.
            if send(&stream, &unsent).await.is_err() {
                return Ok(());
            }
            drop(unsent);
            // Whoever has left is told nothing.
            if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
                let _ = agree(answer, codec, &stream).await;
            } else {
                let _ = timeout(REFUSAL, refuse(answer, codec, &stream)).await;
            }
            Ok(())
        })
    }
}

/// Sends the head, and then what the body gives as it is.
async fn agree(answer: Response<BoxBody>, mut codec: Codec, stream: &TcpStream) -> io::Result<()> {
    let (head, body) = answer.into_parts();
    let mut bytes = BytesMut::new();
    codec.encode(Message::Item((head, body.size())), &mut bytes)?;
    send(stream, &bytes).await?;
    drop((bytes, codec));
    let mut body = pin!(body);
    while let Some(Ok(chunk)) = poll_fn(|cx| body.as_mut().poll_next(cx)).await {
        send(stream, &chunk).await?;
    }
    SockRef::from(stream).shutdown(Shutdown::Write)
}

/// Sends a whole answer, the last of the connection.
async fn refuse(answer: Response<BoxBody>, mut codec: Codec, stream: &TcpStream) -> io::Result<()> {
    let (mut head, body) = answer.into_parts();
    head.head_mut().set_connection_type(ConnectionType::Close);
    let mut bytes = BytesMut::new();
    codec.encode(Message::Item((head, body.size())), &mut bytes)?;
    let mut body = pin!(body);
    while let Some(Ok(chunk)) = poll_fn(|cx| body.as_mut().poll_next(cx)).await {
        codec.encode(Message::Chunk(Some(chunk)), &mut bytes)?;
        send(stream, &bytes.split()).await?;
    }
    codec.encode(Message::Chunk(None), &mut bytes)?;
    send(stream, &bytes).await?;
    SockRef::from(stream).shutdown(Shutdown::Write)?;
    let _ = timeout(LINGER, poll_fn(|cx| poll_end(stream, cx))).await;
    Ok(())
}

async fn send(stream: &TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match stream.try_write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(sent) => bytes = bytes.get(sent..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => stream.writable().await?,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// What comes in next, in `buffer`; 0 bytes at the end.
fn poll_read(
    stream: &TcpStream,
    buffer: &mut [u8],
    cx: &mut Context<'_>,
) -> Poll<io::Result<usize>> {
    loop {
        ready!(stream.poll_read_ready(cx))?;
        match stream.try_read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            read => return Poll::Ready(read),
        }
    }
}

/// Ready when the client has ended its side; what it sends until then is dropped.
fn poll_end(stream: &TcpStream, cx: &mut Context<'_>) -> Poll<()> {
    let mut dropped = [0; READ];
    while let Ok(1..) = ready!(poll_read(stream, &mut dropped, cx)) {}
    Poll::Ready(())
}

/// What comes in, read when somebody asks for it.
struct Input {
    /// What the framework has read beyond the head.
    left: Bytes,
    /// Bytes read in this turn.
    taken: usize,
    stream: Rc<TcpStream>,
}

impl Stream for Input {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if !self.left.is_empty() {
            let left = std::mem::take(&mut self.left);
            return Poll::Ready(Some(Ok(left)));
        }
        if self.taken >= TURN {
            self.taken = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let mut buffer = [0; READ];
        let Poll::Ready(read) = poll_read(&self.stream, &mut buffer, cx) else {
            self.taken = 0;
            return Poll::Pending;
        };
        Poll::Ready(match read {
            Ok(0) => None,
            Ok(read) => {
                self.taken += read;
                let read = buffer.get(..read).unwrap_or_default();
                Some(Ok(Bytes::copy_from_slice(read)))
            }
            Err(error) => Some(Err(error.into())),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::rt::net::TcpListener;
    use std::task::Waker;

    #[actix_web::test]
    async fn a_client_that_never_stops_is_read_in_turns() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap());
        let (client, accepted) = (client.await.unwrap(), listener.accept().await.unwrap().0);
        actix_web::rt::spawn(async move { while send(&client, &[b'x'; READ]).await.is_ok() {} });
        // More than a turn has come before the first read.
        let mut there = vec![0; TURN + 2 * READ];
        while accepted.peek(&mut there).await.unwrap() < there.len() {
            tokio::task::yield_now().await;
        }
        let mut input = pin!(Input {
            left: Bytes::from_static(b"first"),
            taken: 0,
            stream: Rc::new(accepted),
        });
        let mut cx = Context::from_waker(Waker::noop());
        let mut turn = 0;
        while let Poll::Ready(read) = input.as_mut().poll_next(&mut cx) {
            turn += read.unwrap().unwrap().len();
        }
        assert!((TURN..TURN + 2 * READ).contains(&turn), "{turn}");
    }
}
