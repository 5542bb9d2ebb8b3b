//! The limit of a POST: the same framework reads JSON and writes it back.

use std::net::TcpListener;

use actix_web::{App, HttpServer, web};
use anyhow::Result;
use serde::{Deserialize, Serialize};

/// The fields of a message's POST.
#[derive(Serialize, Deserialize)]
struct Echo {
    chat_id: String,
    r#type: String,
    text: String,
}

async fn answer(body: web::Json<Echo>) -> web::Json<Echo> {
    body
}

/// Echoes until it is killed.
///
/// # Errors
/// If it cannot listen.
pub(crate) fn echo() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    super::announce(listener.local_addr()?);
    let server = || App::new().route("/", web::post().to(answer));
    let workers = std::thread::available_parallelism()?.get();
    let server = HttpServer::new(server)
        .workers(workers)
        .tcp_nodelay(true)
        .listen(listener)?
        .run();
    Ok(actix_web::rt::System::new().block_on(server)?)
}
