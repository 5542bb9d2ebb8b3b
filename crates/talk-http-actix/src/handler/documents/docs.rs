//! How the description itself is described.

use serde_json::json;

use crate::openapi::Operation;

pub(crate) fn operations() -> Vec<Operation> {
    let page = |path, name, summary| {
        let content = json!({"schema": {"type": "string"}});
        Operation::open("get", path, name, summary)
            .reasons(&["INTERNAL"])
            .cached()
            .gives_content("The page.", (super::HTML, content))
    };
    let file = |(path, name, summary), kind| {
        let content = json!({"schema": {"type": "string"}});
        Operation::open("get", path, name, summary)
            .reasons(&["INTERNAL"])
            .cached()
            .gives_content("The file.", (kind, content))
    };
    vec![
        Operation::open("get", "/openapi.json", "openapi", "This document")
            .reasons(&["INTERNAL"])
            .cached()
            .gives(
                "The document.",
                &json!({"type": "object"}),
                &json!({"openapi": "3.1.0"}),
            ),
        page("/docs", "docs", "This document for browsers"),
        page("/docs/errors", "docsErrors", "Every reason, and what to do"),
        file(
            ("/docs/start.js", "docsStart", "What the page runs"),
            super::SCRIPT,
        ),
        file(
            ("/docs/page.css", "docsStyle", "How the pages look"),
            super::CSS,
        ),
        file(
            ("/docs/swagger-ui-bundle.js", "swaggerUi", "Swagger UI"),
            super::SCRIPT,
        ),
        file(
            (
                "/docs/swagger-ui.css",
                "swaggerUiStyle",
                "Swagger UI's style",
            ),
            super::CSS,
        ),
    ]
}
