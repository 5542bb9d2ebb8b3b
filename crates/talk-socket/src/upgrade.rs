//! Takes WebSocket connections over from the HTTP library, which keeps nothing of them: an idle one
//! costs little memory, and one whose client reads nothing can be ended.

use std::convert::Infallible;
use std::fmt::Debug;
use std::future::poll_fn;
use std::io;
use std::net::{Shutdown, SocketAddr};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_codec::{Encoder, Framed};
use actix_http::body::{BoxBody, MessageBody};
use actix_http::h1::{Codec, Message};
use actix_http::{ConnectionType, HttpMessage as _, Request, Response, StatusCode};
use actix_service::{Service, ServiceFactory, fn_factory};
use bytes::{Bytes, BytesMut};
use futures_util::future::LocalBoxFuture;
use socket2::SockRef;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::handshake::Transport;
use crate::tcp::{poll_end, send};
use crate::wire::{Wire, head_without_upgrade};

/// How long a client may take to read a refusal.
const REFUSAL: Duration = Duration::from_secs(30);

/// The time that a client may keep sending after the last byte for it was sent. If the connection
/// were closed while bytes of the client are unread, the system would reset it, and the client
/// could lose what was sent to it.
const LINGER: Duration = Duration::from_secs(1);

/// An upgrade request from the HTTP library, and its connection with both buffers.
type Upgrade = (Request, Framed<Wire, Codec>);

/// Makes the service for requests that ask for an upgrade. A request that `is_upgrade` is answered by
/// `app`; if the answer is 101, the connection then carries what the body of the answer gives. Any
/// other request is an ordinary one: `http` serves its connection from this request on.
pub(crate) fn upgrade<F, G>(
    is_upgrade: fn(&Request) -> bool,
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
                is_upgrade,
                app: app.await.map_err(|error| failed(&error))?,
                http: Rc::new(http.await.map_err(|error| failed(&error))?),
            })
        }
    })
}

fn failed(error: &impl Debug) {
    tracing::error!(?error, "the service of a worker could not be created");
}

/// The service of one worker, made by [`upgrade`].
pub(crate) struct Upgraded<S, H> {
    is_upgrade: fn(&Request) -> bool,
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
        // An error of a service that is not ready is sent as the answer.
        self.app.poll_ready(cx).map(|_| Ok(()))
    }

    fn call(&self, (request, framed): Upgrade) -> Self::Future {
        let parts = framed.into_parts();
        if !(self.is_upgrade)(&request) {
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
        request.extensions_mut().insert(Transport {
            stream: Rc::clone(&stream),
            // A copy, without the spare capacity of the library's buffer.
            read: Bytes::copy_from_slice(&parts.read_buf),
        });
        let answer = self.app.call(request);
        let (codec, unsent) = (parts.codec, parts.write_buf);
        drop(parts.read_buf);
        Box::pin(async move {
            let answer = answer.await.map_or_else(Into::into, Into::into);
            // Answers to earlier requests on this connection may be unsent.
            if send(&stream, &unsent).await.is_err() {
                return Ok(());
            }
            drop(unsent);
            // Errors mean that the client has gone.
            if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
                let _ = agree(answer, codec, &stream).await;
            } else {
                let _ = timeout(REFUSAL, refuse(answer, codec, &stream)).await;
            }
            Ok(())
        })
    }
}

/// Sends the head, and then the bytes of the body without any encoding.
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
    end(stream).await
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
    end(stream).await
}

/// Ends the server's side, and waits a little for the client to end its own.
async fn end(stream: &TcpStream) -> io::Result<()> {
    SockRef::from(stream).shutdown(Shutdown::Write)?;
    let _ = timeout(LINGER, poll_fn(|cx| poll_end(stream, cx))).await;
    Ok(())
}
