//! The routes of the first generations; their answers say that they are deprecated.

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue, LINK};
use actix_web::web;

use super::at;
use crate::handler::{chats, legacy};

/// RFC 9745.
const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");

/// The start of 2026.
const SINCE: &str = "@1767225600";

/// Where the operations are described, each with its successor.
pub(crate) const SUCCESSORS: &str = r#"</docs#/Talks>; rel="deprecation"; type="text/html""#;

pub(super) fn routes(app: &mut web::ServiceConfig) {
    app.service(
        at("/v1.0/talks", "GET, POST")
            .route(web::post().to(legacy::create_talk))
            .route(web::get().to(chats::list)),
    )
    .service(
        at("/v1.0/talks/{chat_id}", "GET, PUT, DELETE")
            .route(web::get().to(chats::show))
            .route(web::put().to(chats::update))
            .route(web::delete().to(chats::delete)),
    )
    .service(at("/v1.0/talks/{chat_id}/close", "POST").route(web::post().to(chats::close)))
    .service(at("/v1.0/talks/{chat_id}/reopen", "POST").route(web::post().to(chats::reopen)))
    .service(
        at("/v1.0/talks/{chat_id}/participants", "GET, POST")
            .route(web::get().to(legacy::list_participants))
            .route(web::post().to(legacy::add_participant)),
    )
    .service(
        at(
            "/v1.0/talks/{chat_id}/participants/{participant_id}",
            "DELETE",
        )
        .route(web::delete().to(legacy::remove_participant)),
    )
    .service(
        at("/v1.0/talks/{chat_id}/messages", "GET, POST")
            .route(web::get().to(legacy::list_messages))
            .route(web::post().to(legacy::post_message)),
    )
    .service(
        at("/v1.0/talks/{chat_id}/messages/{message_id}", "PUT, DELETE")
            .route(web::put().to(legacy::edit_message))
            .route(web::delete().to(legacy::delete_message)),
    )
    .service(
        at("/v1.0/messages/{message_id}/reactions", "POST, DELETE")
            .route(web::post().to(legacy::add_reaction))
            .route(web::delete().to(legacy::remove_reaction)),
    );
}

/// Says so on every answer of such a route, refusals included.
pub(crate) fn deprecate(route: &str, headers: &mut HeaderMap) {
    if route.starts_with("/v1.0/talks") || route.starts_with("/v1.0/messages") {
        headers.insert(DEPRECATION, HeaderValue::from_static(SINCE));
        headers.insert(LINK, HeaderValue::from_static(SUCCESSORS));
    }
}
