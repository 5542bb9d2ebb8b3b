//! `/openapi.json` and `/docs`: what the service says about itself, without a login.

use std::sync::LazyLock;

use actix_web::HttpResponse;

use crate::openapi::document;

static OPENAPI: LazyLock<String> = LazyLock::new(|| document().to_string());

pub(crate) async fn openapi() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .body(OPENAPI.as_str())
}
