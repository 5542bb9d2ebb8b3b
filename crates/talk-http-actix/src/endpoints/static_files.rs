//! Files that are served without a login at paths of their own, such as a web page that uses the API.

use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::http::Method;

use super::asset::Asset;
use crate::endpoint::Endpoint;

/// A file with its path and its headers.
#[derive(Clone)]
pub struct StaticFile {
    path: &'static str,
    asset: Arc<Asset>,
}

impl StaticFile {
    /// Creates a file that browsers may cache for ever: its path changes with its content.
    ///
    /// `gzip` is the content compressed with gzip, `policy` the content security policy.
    #[must_use]
    pub fn immutable(
        path: &'static str,
        kind: &'static str,
        policy: &'static str,
        gzip: &'static [u8],
    ) -> Self {
        let asset = Arc::new(Asset::immutable(kind, policy, gzip));
        Self { path, asset }
    }

    /// Creates an HTML page, which browsers cache but compare by its `ETag` before each use.
    #[must_use]
    pub fn page(path: &'static str, policy: &'static str, html: &str) -> Self {
        let asset = Arc::new(Asset::page("text/html; charset=utf-8", policy, html));
        Self { path, asset }
    }
}

/// The rows of `files`, which are not in the document.
pub(super) fn rows(files: &[StaticFile]) -> Vec<Endpoint> {
    let row = |file: &StaticFile| {
        let asset = Arc::clone(&file.asset);
        let answer = move |request: HttpRequest| {
            let asset = Arc::clone(&asset);
            async move { asset.answer(&request) }
        };
        Endpoint::hidden(Method::GET, file.path, answer.clone()).also_head(answer)
    };
    files.iter().map(row).collect()
}

#[cfg(test)]
mod tests;
