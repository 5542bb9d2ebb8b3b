//! Returns every message to its sender, for a conformance suite: `echo 127.0.0.1:9001`.

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::TcpListener;
use std::sync::Arc;

use actix_http::body::BoxBody;
use actix_http::{HttpMessage as _, Request, Response};
use actix_server::Server;
use actix_service::fn_service;
use talk_socket::{Budget, InputLimits, Listener, Received, Socket, accept, listen};

/// Bytes of a message. Some cases of the suite are large.
const MESSAGE: usize = 32 * 1024 * 1024;

#[actix_rt::main]
async fn main() -> std::io::Result<()> {
    let address = std::env::args()
        .nth(1)
        .unwrap_or("127.0.0.1:9001".to_owned());
    let limits = InputLimits {
        message: MESSAGE,
        free: MESSAGE,
        budget: Arc::new(Budget::new(0)),
    };
    let listener = Listener {
        tcp: TcpListener::bind(address)?,
        is_upgrade: |_| true,
        admit: |_| Some(()),
        on_connect: |_| {},
    };
    let app = move || {
        let limits = limits.clone();
        fn_service(move |request: Request| {
            let answer = answer(&request, limits.clone());
            async { Ok::<_, Infallible>(answer) }
        })
    };
    listen(Server::build(), listener, app)?.run().await
}

fn answer(request: &Request, limits: InputLimits) -> Response<BoxBody> {
    match accept(request.head(), &mut request.extensions_mut(), limits) {
        Ok((response, socket)) => {
            actix_rt::spawn(echo(socket));
            response
        }
        Err(_) => Response::bad_request().map_into_boxed_body(),
    }
}

async fn echo(socket: Socket) {
    let Socket {
        mut incoming,
        outgoing,
        peer: _peer,
    } = socket;
    loop {
        poll_fn(|cx| outgoing.poll_space(cx)).await;
        match incoming.next().await {
            Received::Text(text) => outgoing.text(&text),
            Received::Binary(bytes) => outgoing.binary(&bytes),
            Received::Ping(payload) => outgoing.pong(&payload),
            Received::Pong => {}
            Received::Close(code) => break outgoing.close(code, ""),
            Received::Fault(code, reason) => break outgoing.close(Some(code), reason),
            Received::Gone => break,
        }
    }
    outgoing.finish();
}
