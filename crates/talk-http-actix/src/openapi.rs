//! The OpenAPI document: put together from the handlers' own descriptions, the types of the wire,
//! and the catalogue of reasons.

mod component;
mod errors;
pub(crate) mod example;
mod field;
mod operation;
mod parameter;
mod refusal;
mod shared;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::endpoint::{Endpoint, Group};
use crate::endpoints;
pub use errors::errors;
pub(crate) use errors::html;
pub(crate) use operation::Operation;

/// The document as it is committed and printed.
#[must_use]
pub fn openapi() -> String {
    let mut text = serde_json::to_string_pretty(&document(true)).unwrap_or_default();
    text.push('\n');
    text
}

/// What the document describes, in its order.
fn groups(has_legacy: bool) -> Vec<Group> {
    let mut groups = endpoints::groups(has_legacy);
    groups.push(endpoints::operation());
    groups
}

/// The document, of a service that serves the first generations or not.
pub(crate) fn document(has_legacy: bool) -> Value {
    let mut tags = Vec::new();
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    let mut components = component::Components::new(has_legacy);
    for Group { name, about, rows } in groups(has_legacy) {
        tags.push(json!({"name": name, "description": about}));
        for operation in rows.into_iter().filter_map(Endpoint::into_operation) {
            components.add(operation.schemas());
            let methods = paths.entry(operation.path()).or_default();
            let described = operation.describe(name, has_legacy);
            methods.insert(operation.method().to_owned(), described);
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
