//! How the description itself is described.

use serde_json::json;

use super::{CSS, HTML, SCRIPT};
use crate::openapi::Operation;

/// Path, name, name of the HEAD, summary and kind.
type File = [&'static str; 5];

const FILES: [File; 6] = [
    [
        "/docs",
        "docs",
        "docsHead",
        "This document for browsers",
        HTML,
    ],
    [
        "/docs/errors",
        "docsErrors",
        "docsErrorsHead",
        "Every reason, and what to do",
        HTML,
    ],
    [
        "/docs/start.js",
        "docsStart",
        "docsStartHead",
        "What the page runs",
        SCRIPT,
    ],
    [
        "/docs/page.css",
        "docsStyle",
        "docsStyleHead",
        "How the pages look",
        CSS,
    ],
    [
        "/docs/swagger-ui-bundle.js",
        "swaggerUi",
        "swaggerUiHead",
        "Swagger UI",
        SCRIPT,
    ],
    [
        "/docs/swagger-ui.css",
        "swaggerUiStyle",
        "swaggerUiStyleHead",
        "Swagger UI's style",
        CSS,
    ],
];

pub(crate) fn operations() -> Vec<Operation> {
    let [path, summary] = ["/openapi.json", "This document"];
    let document = read(path, "openapi", summary).gives(
        "The document.",
        &json!({"type": "object"}),
        &json!({"openapi": "3.1.0"}),
    );
    let files = FILES
        .into_iter()
        .flat_map(|[path, name, head_name, summary, kind]| {
            let content = json!({"schema": {"type": "string"}});
            let file = read(path, name, summary).gives_content("The file.", (kind, content));
            [file, head(path, head_name, summary)]
        });
    [document, head(path, "openapiHead", summary)]
        .into_iter()
        .chain(files)
        .collect()
}

fn read(path: &'static str, name: &'static str, summary: &'static str) -> Operation {
    Operation::open("get", path, name, summary)
        .reasons(&["INTERNAL"])
        .cached()
}

fn head(path: &'static str, name: &'static str, summary: &'static str) -> Operation {
    Operation::open("head", path, name, summary)
        .cached()
        .gives_code("200", "It is there.")
}
