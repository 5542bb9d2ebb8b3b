//! Every route, with the methods it has, per listener.

mod legacy;

pub(crate) use legacy::{SUCCESSORS, deprecate};

use actix_web::http::Method;
use actix_web::{HttpResponse, Resource, Route, guard, web};

use crate::api_error::ApiError;
use crate::caller::Reply;
use crate::handler::{
    access_keys, agents, channels, chats, customers, documents, events, me, messages, participants,
    presence, probes, reactions, search, sessions,
};

/// Marks the requests of a listener whose clients are rate limited.
pub(crate) struct RateLimited;

/// Mounts the routes of the public listener: the API, its description, the socket and the probes.
pub(crate) fn public(app: &mut web::ServiceConfig, has_legacy: bool) {
    // They are tried one after the other: the busiest first.
    app.app_data(RateLimited)
        .configure(messages_and_events)
        .configure(talk_chats)
        .configure(identity)
        .service(at("/v1.0/ws", "GET").route(web::get().to(crate::socket::open)))
        .configure(probes)
        .configure(description);
    if has_legacy {
        app.configure(legacy::routes);
    }
    app.default_service(web::to(not_found));
}

/// Mounts the routes of the operators' listener: the probes and the metrics, nothing of the API.
pub(crate) fn admin(app: &mut web::ServiceConfig, _has_legacy: bool) {
    app.configure(probes)
        .service(at("/metrics", "GET").route(web::get().to(probes::metrics)))
        .default_service(web::to(not_found));
}

/// The only request that leaves HTTP.
pub(crate) fn is_socket(request: &actix_http::Request) -> bool {
    request.method() == Method::GET && request.path() == "/v1.0/ws"
}

/// Whether `route` is requested again and again by programs that watch the server.
pub(crate) fn is_probed(route: &str) -> bool {
    matches!(route, "/healthz" | "/readyz" | "/metrics")
}

async fn not_found() -> Reply {
    Err(ApiError::route_not_found())
}

fn messages_and_events(app: &mut web::ServiceConfig) {
    app.service(
        at("/v1.0/service_agents/talk_messages", "GET, POST")
            .route(web::post().to(messages::post))
            .route(web::get().to(messages::list)),
    )
    .service(
        at(
            "/v1.0/service_agents/talk_messages/{message_id}",
            "GET, PUT, DELETE",
        )
        .route(web::get().to(messages::show))
        .route(web::put().to(messages::edit))
        .route(web::delete().to(messages::delete)),
    )
    .service(
        at(
            "/v1.0/service_agents/talk_messages/{message_id}/revisions",
            "GET",
        )
        .route(web::get().to(messages::revisions)),
    )
    .service(
        at(
            "/v1.0/service_agents/talk_messages/{message_id}/reactions",
            "POST, DELETE",
        )
        .route(web::post().to(reactions::add))
        .route(web::delete().to(reactions::remove)),
    )
    .service(
        at(
            "/v1.0/service_agents/talk_messages/{message_id}/read_by",
            "GET",
        )
        .route(web::get().to(messages::readers)),
    )
    .service(at("/v1.0/service_agents/talk_search", "GET").route(web::get().to(search::messages)))
    .service(at("/v1.0/service_agents/talk_presence", "GET").route(web::get().to(presence::list)))
    .service(at("/v1.0/service_agents/talk_events", "GET").route(web::get().to(events::list)));
}

fn talk_chats(app: &mut web::ServiceConfig) {
    app.service(
        at("/v1.0/service_agents/talk_chats", "GET, POST")
            .route(web::post().to(chats::create))
            .route(web::get().to(chats::list)),
    )
    .service(at("/v1.0/service_agents/talk_channels", "GET").route(web::get().to(channels::list)))
    .service(
        at(
            "/v1.0/service_agents/talk_chats/{chat_id}",
            "GET, PUT, DELETE",
        )
        .route(web::get().to(chats::show))
        .route(web::put().to(chats::update))
        .route(web::delete().to(chats::delete)),
    )
    .service(
        at("/v1.0/service_agents/talk_chats/{chat_id}/join", "POST")
            .route(web::post().to(channels::join)),
    )
    .service(
        at("/v1.0/service_agents/talk_chats/{chat_id}/close", "POST")
            .route(web::post().to(chats::close)),
    )
    .service(
        at("/v1.0/service_agents/talk_chats/{chat_id}/read", "PUT")
            .route(web::put().to(chats::read)),
    )
    .service(
        at("/v1.0/service_agents/talk_chats/{chat_id}/reopen", "POST")
            .route(web::post().to(chats::reopen)),
    )
    .service(
        at(
            "/v1.0/service_agents/talk_chats/{chat_id}/participants",
            "GET, POST",
        )
        .route(web::get().to(participants::list))
        .route(web::post().to(participants::add)),
    )
    .service(
        at(
            "/v1.0/service_agents/talk_chats/{chat_id}/participants/{participant_id}",
            "DELETE",
        )
        .route(web::delete().to(participants::remove)),
    );
}

fn identity(app: &mut web::ServiceConfig) {
    app.service(at("/auth/login", "POST").route(web::post().to(sessions::login)))
        .service(at("/auth/logout", "POST").route(web::post().to(sessions::logout)))
        .service(at("/v1.0/service_agents/me", "GET").route(web::get().to(me::show)))
        .service(
            at("/v1.0/service_agents/me/password", "PUT").route(web::put().to(me::change_password)),
        )
        .service(
            at("/v1.0/agents", "GET, POST")
                .route(web::get().to(agents::list))
                .route(web::post().to(agents::create)),
        )
        .service(
            at("/v1.0/agents/{agent_id}", "GET, PUT, DELETE")
                .route(web::get().to(agents::show))
                .route(web::put().to(agents::update))
                .route(web::delete().to(agents::delete)),
        )
        .service(
            at("/v1.0/accesskeys", "GET, POST")
                .route(web::get().to(access_keys::list))
                .route(web::post().to(access_keys::create)),
        )
        .service(
            at("/v1.0/accesskeys/{accesskey_id}", "DELETE")
                .route(web::delete().to(access_keys::delete)),
        )
        .service(at("/v1.0/customers", "GET").route(web::get().to(customers::list)))
        .service(at("/v1.0/customer", "GET").route(web::get().to(customers::show)));
}

fn probes(app: &mut web::ServiceConfig) {
    let health = at("/healthz", "GET, HEAD").route(web::get().to(probes::health));
    let ready = at("/readyz", "GET, HEAD").route(web::get().to(probes::ready));
    // Many load balancers send HEAD.
    app.service(health.route(web::head().to(probes::health)))
        .service(ready.route(web::head().to(probes::ready)));
}

fn description(app: &mut web::ServiceConfig) {
    let openapi = at("/openapi.json", "GET, HEAD").route(read().to(documents::openapi));
    let index = at("/docs", "GET, HEAD").route(read().to(documents::index));
    let errors = at("/docs/errors", "GET, HEAD").route(read().to(documents::errors));
    let start = at("/docs/start.js", "GET, HEAD").route(read().to(documents::start));
    let style = at("/docs/page.css", "GET, HEAD").route(read().to(documents::page_style));
    let ui = at("/docs/swagger-ui-bundle.js", "GET, HEAD");
    let ui_style = at("/docs/swagger-ui.css", "GET, HEAD");
    app.service(openapi)
        .service(index)
        .service(errors)
        .service(start)
        .service(style)
        .service(ui.route(read().to(documents::swagger_ui)))
        .service(ui_style.route(read().to(documents::swagger_style)));
}

/// GET, or HEAD, which is the same without what is in it.
fn read() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

/// A route; what is not among its methods (`allow`) is answered 405.
fn at(path: &str, allow: &'static str) -> Resource {
    web::resource(path).default_service(web::to(move || async move {
        Err::<HttpResponse, _>(ApiError::method_not_allowed(allow))
    }))
}
