//! The OpenAPI document: put together from the handlers' own descriptions, the types of the wire,
//! and the catalogue of reasons.

mod component;
mod errors;
pub(crate) mod example;
pub(crate) mod field;
mod operation;
mod parameter;
mod refusal;
mod shared;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::handler;
pub use errors::errors;
pub(crate) use errors::html;
pub(crate) use operation::{Need, Operation};
pub(crate) use parameter::{number, query};

/// The document as it is committed and printed.
#[must_use]
pub fn openapi() -> String {
    let mut text = serde_json::to_string_pretty(&document(true)).unwrap_or_default();
    text.push('\n');
    text
}

/// The document, of a service that serves the first generations or not.
pub(crate) fn document(has_legacy: bool) -> Value {
    let mut tags = Vec::new();
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    let mut components = component::Components::new(has_legacy);
    for (name, about, operations) in handler::docs(has_legacy) {
        tags.push(json!({"name": name, "description": about}));
        for operation in operations {
            components.add(operation.schemas());
            let methods = paths.entry(operation.path()).or_default();
            methods.insert(operation.method().to_owned(), operation.describe(name));
        }
    }
    let mut responses = refusal::general();
    let operations = paths.values_mut().flat_map(Map::values_mut);
    responses.extend(shared::share(operations.collect()));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Talk",
            "version": env!("CARGO_PKG_VERSION"),
            "description": include_str!("openapi/about.md"),
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/", "description": "this server"}],
        "tags": tags,
        "security": [{"bearer": []}, {"token": []}, {"accesskey": []}],
        "paths": paths,
        "components": {
            "schemas": components.schemas(),
            "parameters": parameter::shared(),
            "headers": parameter::headers(),
            "responses": responses,
            "securitySchemes": security(),
        },
    })
}

fn security() -> Value {
    json!({
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "description": "A token of `POST /auth/login`, or an access key.",
        },
        "token": {
            "type": "apiKey",
            "in": "query",
            "name": "token",
            "description": "The same in the query, for clients that cannot set headers.",
        },
        "accesskey": {
            "type": "apiKey",
            "in": "query",
            "name": "accesskey",
            "description": "The same in the query, under VoIPBIN's name for access keys.",
        },
    })
}
