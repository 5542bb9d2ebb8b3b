//! The OpenAPI document, generated from the rows of endpoints, the wire types and the catalogue of
//! reasons.

mod asyncapi;
mod errors;
pub(crate) mod example;
mod format;
mod operation;
mod parameter;
mod refusal;
mod shared;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use talk_domain::kernel::limits::Limits;
use talk_wire::error::ErrorEnvelope;
use talk_wire::schema::Schemas;

use crate::endpoint::{Endpoint, Group};
use crate::endpoints;
pub(crate) use asyncapi::async_document;
pub use asyncapi::asyncapi;
pub use errors::errors;
pub(crate) use errors::html;
pub(crate) use operation::Operation;

/// The document of an installation with the default settings, as it is committed and printed.
#[must_use]
pub fn openapi() -> String {
    let mut text = format!("{:#}", document(true, &Limits::default()));
    text.push('\n');
    text
}

/// The described endpoints, in the order of the document.
fn groups(has_legacy: bool) -> Vec<Group> {
    let mut groups = endpoints::groups(has_legacy);
    groups.push(endpoints::operation());
    groups
}

/// The document of an installation with these limits, of a service that serves the first generations
/// or not.
pub(crate) fn document(has_legacy: bool, limits: &Limits) -> Value {
    let mut tags = Vec::new();
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    let mut schemas = Schemas::new(has_legacy);
    schemas.given::<ErrorEnvelope>();
    for Group { name, about, rows } in groups(has_legacy) {
        tags.push(json!({"name": name, "description": about}));
        for operation in rows.into_iter().filter_map(Endpoint::into_operation) {
            let methods = paths.entry(operation.path()).or_default();
            let described = operation.describe(name, &mut schemas, limits);
            methods.insert(operation.method().to_owned(), described);
        }
    }
    let operations = paths.values_mut().flat_map(Map::values_mut);
    let responses = shared::share(operations.collect());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Talk",
            "version": env!("CARGO_PKG_VERSION"),
            "description": include_str!("openapi/about.md"),
            "contact": {"name": "Whoever runs this server"},
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/", "description": "this server"}],
        "tags": tags,
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": schemas.components(limits),
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
    })
}
