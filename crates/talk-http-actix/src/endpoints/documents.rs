//! `/openapi.json` and `/docs`: the documentation, without a login and without files of other
//! hosts.

#[cfg(test)]
mod tests;

use std::sync::{LazyLock, OnceLock};

use actix_web::http::Method;
use actix_web::{HttpRequest, web};
use serde_json::Value;
use talk_domain::kernel::limits::Limits;

use super::asset::Asset;
use crate::Api;
use crate::caller::Reply;
use crate::endpoint::Endpoint;
use crate::openapi::{async_document, document, html};
use crate::shared::Shared;

/// The documents that depend on the settings.
#[derive(Default)]
pub(crate) struct Documents {
    openapi: OnceLock<Asset>,
    asyncapi: OnceLock<Asset>,
}

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// The rows of these files, which are not in the document.
pub(super) fn rows() -> Vec<Endpoint> {
    let get = Method::GET;
    vec![
        Endpoint::hidden(get.clone(), "/openapi.json", openapi).also_head(openapi),
        Endpoint::hidden(get.clone(), "/asyncapi.json", asyncapi).also_head(asyncapi),
        Endpoint::hidden(get.clone(), "/docs", index).also_head(index),
        Endpoint::hidden(get.clone(), "/docs/errors", errors).also_head(errors),
        Endpoint::hidden(get.clone(), "/docs/start.js", start).also_head(start),
        Endpoint::hidden(get.clone(), "/docs/page.css", page_style).also_head(page_style),
        Endpoint::hidden(get.clone(), "/docs/swagger-ui-bundle.js", swagger_ui)
            .also_head(swagger_ui),
        Endpoint::hidden(get, "/docs/swagger-ui.css", swagger_style).also_head(swagger_style),
    ]
}

async fn openapi(request: HttpRequest, shared: web::Data<Shared>) -> Reply {
    let described = || described(&shared.api, document);
    shared
        .documents
        .openapi
        .get_or_init(described)
        .answer(&request)
}

async fn asyncapi(request: HttpRequest, shared: web::Data<Shared>) -> Reply {
    let described = || described(&shared.api, async_document);
    shared
        .documents
        .asyncapi
        .get_or_init(described)
        .answer(&request)
}

fn described(api: &Api, document: fn(bool, &Limits) -> Value) -> Asset {
    Asset::text(
        "application/json",
        &document(api.has_legacy, &api.limits).to_string(),
    )
}

async fn index(request: HttpRequest) -> Reply {
    static FILE: LazyLock<Asset> =
        LazyLock::new(|| Asset::text(HTML, include_str!("documents/index.html")));
    FILE.answer(&request)
}

async fn errors(request: HttpRequest) -> Reply {
    static FILE: LazyLock<Asset> = LazyLock::new(|| Asset::text(HTML, &html()));
    FILE.answer(&request)
}

async fn start(request: HttpRequest) -> Reply {
    static FILE: LazyLock<Asset> =
        LazyLock::new(|| Asset::text(SCRIPT, include_str!("documents/start.js")));
    FILE.answer(&request)
}

async fn page_style(request: HttpRequest) -> Reply {
    static FILE: LazyLock<Asset> =
        LazyLock::new(|| Asset::text(CSS, include_str!("documents/page.css")));
    FILE.answer(&request)
}

async fn swagger_ui(request: HttpRequest) -> Reply {
    static FILE: LazyLock<Asset> = LazyLock::new(|| {
        let bundle = include_bytes!(concat!(env!("OUT_DIR"), "/swagger-ui-bundle.js.gz"));
        Asset::vendored(SCRIPT, bundle)
    });
    FILE.answer(&request)
}

async fn swagger_style(request: HttpRequest) -> Reply {
    static FILE: LazyLock<Asset> = LazyLock::new(|| {
        let style = include_bytes!(concat!(env!("OUT_DIR"), "/swagger-ui.css.gz"));
        Asset::vendored(CSS, style)
    });
    FILE.answer(&request)
}
