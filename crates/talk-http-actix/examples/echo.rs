//! Serves an echo over the server's own socket code, for a conformance suite: `echo 127.0.0.1:9001`.

use std::net::TcpListener;

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let address = std::env::args()
        .nth(1)
        .unwrap_or("127.0.0.1:9001".to_owned());
    talk_http_actix::echo(TcpListener::bind(address)?)?.await
}
