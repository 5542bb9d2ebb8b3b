//! `/healthz`, `/readyz` and `/metrics`.

use actix_web::http::Method;
use actix_web::{HttpResponse, web};
use talk_domain::kernel::store::Unit;
use talk_domain::kernel::store_error::StoreError;

use talk_wire::resource::Health;

use crate::caller::{Reply, ok};
use crate::endpoint::{Answer, Endpoint, Never, Refused, Resource};
use crate::server::Metrics;
use crate::shared::Shared;

const HEALTH: &str = "/healthz";
const READY: &str = "/readyz";
const METRICS: &str = "/metrics";

/// The paths that monitoring polls.
pub(super) const PATHS: [&str; 3] = [HEALTH, READY, METRICS];

/// The probes, also with HEAD, which many load balancers send.
pub(super) fn rows() -> Vec<Endpoint> {
    vec![
        Endpoint::new(Method::GET, HEALTH, health)
            .also_head(health)
            .named("health", "Tells that the process runs"),
        Endpoint::new(Method::GET, READY, ready)
            .also_head(ready)
            .named("ready", "Tells that the database answers")
            .answers("It does, at least for reading."),
    ]
}

/// The metrics, only on the operators' listener.
pub(super) fn metrics() -> Endpoint {
    Endpoint::new(Method::GET, METRICS, figures)
        .named("metrics", "Figures for Prometheus")
        .about("Only on `admin_bind`; the API's own address answers 404.")
        .reasons(&["ROUTE_NOT_FOUND"])
        .gives(
            "The figures.",
            "text/plain; version=0.0.4; charset=utf-8",
            "talk_sockets 3\n",
        )
}

/// The process runs.
async fn health() -> Answer<Health, Never> {
    Ok(ok(&Health::example()))
}

/// The database answers.
async fn ready(shared: web::Data<Shared>) -> Answer<Health> {
    let read = shared
        .api
        .store
        .read(Unit::installation("ready"), |snapshot| {
            snapshot.directory().has_agents()
        });
    let _: bool = read.await.map_err(Refused::<StoreError>::by)?;
    // Still ready: a load balancer that removed the server would end reads too.
    let changes = shared.api.store.is_full().then_some("STORAGE_FULL");
    Ok(ok(&Health {
        changes,
        ..Health::example()
    }))
}

async fn figures(metrics: web::Data<Metrics>, shared: web::Data<Shared>) -> Reply {
    shared.gauge();
    let mut response = HttpResponse::Ok();
    let response = response.content_type("text/plain; version=0.0.4; charset=utf-8");
    Ok(response.body(metrics.now()))
}
