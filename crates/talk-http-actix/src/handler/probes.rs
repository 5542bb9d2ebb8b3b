//! `/healthz`, `/readyz` and `/metrics`.

pub(super) mod docs;

use actix_web::{HttpResponse, web};
use talk_domain::store::{StoreError, Unit};

use crate::caller::Reply;
use crate::server::Metrics;
use crate::shared::Shared;

/// The process runs.
pub(crate) async fn health() -> HttpResponse {
    fine()
}

/// The database answers.
pub(crate) async fn ready(shared: web::Data<Shared>) -> Reply {
    let read = shared
        .api
        .store
        .read(Unit::installation("ready"), |snapshot| {
            snapshot.directory().has_agents()
        });
    let answered: Result<_, StoreError> = read.await;
    answered?;
    // Still ready: a balancer that takes the server out would end reading too.
    if shared.api.store.is_full() {
        return Ok(json(r#"{"status":"ok","changes":"STORAGE_FULL"}"#));
    }
    Ok(fine())
}

pub(crate) async fn metrics(
    metrics: web::Data<Metrics>,
    shared: web::Data<Shared>,
) -> HttpResponse {
    shared.gauge();
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(metrics.now())
}

fn fine() -> HttpResponse {
    json(r#"{"status":"ok"}"#)
}

fn json(body: &'static str) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .body(body)
}
