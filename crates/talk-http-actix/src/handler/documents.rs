//! `/openapi.json` and `/docs`: what the service says about itself, without a login and without
//! any other host.

mod asset;
pub(super) mod docs;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use actix_web::{HttpRequest, web};

use crate::caller::Reply;
use crate::openapi::{document, html};
use crate::shared::Shared;
use asset::Asset;

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

pub(crate) async fn openapi(request: HttpRequest, shared: web::Data<Shared>) -> Reply {
    static WHOLE: LazyLock<Asset> = LazyLock::new(|| described(true));
    static OF_TODAY: LazyLock<Asset> = LazyLock::new(|| described(false));
    let file = if shared.api.has_legacy {
        &WHOLE
    } else {
        &OF_TODAY
    };
    file.answer(&request)
}

fn described(has_legacy: bool) -> Asset {
    Asset::text("application/json", &document(has_legacy).to_string())
}

pub(crate) async fn index(request: HttpRequest) -> Reply {
    static FILE: LazyLock<Asset> =
        LazyLock::new(|| Asset::text(HTML, include_str!("documents/index.html")));
    FILE.answer(&request)
}

pub(crate) async fn errors(request: HttpRequest) -> Reply {
    static FILE: LazyLock<Asset> = LazyLock::new(|| Asset::text(HTML, &html()));
    FILE.answer(&request)
}

pub(crate) async fn start(request: HttpRequest) -> Reply {
    static FILE: LazyLock<Asset> =
        LazyLock::new(|| Asset::text(SCRIPT, include_str!("documents/start.js")));
    FILE.answer(&request)
}

pub(crate) async fn page_style(request: HttpRequest) -> Reply {
    static FILE: LazyLock<Asset> =
        LazyLock::new(|| Asset::text(CSS, include_str!("documents/page.css")));
    FILE.answer(&request)
}

pub(crate) async fn swagger_ui(request: HttpRequest) -> Reply {
    static FILE: LazyLock<Asset> = LazyLock::new(|| {
        let bundle = include_bytes!(concat!(env!("OUT_DIR"), "/swagger-ui-bundle.js.gz"));
        Asset::vendored(SCRIPT, bundle)
    });
    FILE.answer(&request)
}

pub(crate) async fn swagger_style(request: HttpRequest) -> Reply {
    static FILE: LazyLock<Asset> = LazyLock::new(|| {
        let style = include_bytes!(concat!(env!("OUT_DIR"), "/swagger-ui.css.gz"));
        Asset::vendored(CSS, style)
    });
    FILE.answer(&request)
}
