//! An operation as a part of the document.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use talk_domain::hooks::intercept::Point;
use talk_domain::kernel::limits::Limits;
use talk_wire::resource::Held;
use talk_wire::schema::Schemas;

use super::{Answer, Body, Operation};
use crate::openapi::parameter::{shared_header, shared_parameter};
use crate::openapi::{example, parameter, refusal};

impl Operation {
    /// Returns its reasons, without those that need a parameter, header or body that it does not
    /// accept.
    pub(in crate::openapi) fn possible_reasons(&self) -> BTreeSet<&'static str> {
        let takes = |name: &str| {
            let mut names = self.query.iter().map(|taken| taken.name);
            self.ids.contains(&name) || names.any(|taken| taken == name)
        };
        let is_possible = |reason: &&str| match *reason {
            "MESSAGE_NOT_FOUND" => takes("message_id") || takes("parent_id"),
            "SINCE_SEQ_NEEDS_CHAT" => !self.ids.contains(&"chat_id"),
            _ => true,
        };
        let reasons = self.reasons.iter().copied();
        reasons.filter(is_possible).collect()
    }

    /// Returns its full description, which names the successor.
    fn full_about(&self) -> String {
        let successor = self.successor.map(|path| {
            let method = self.method.to_uppercase();
            format!("Deprecated: `{method} {path}` does it today.")
        });
        let about = match self.about {
            "" => format!("{}.", self.summary),
            about => about.to_owned(),
        };
        [Some(about), successor]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join("\n\n")
    }

    fn parameters(&self, has_legacy: bool, limits: &Limits) -> Vec<Value> {
        let ids = self.ids.iter().map(|name| {
            json!({
                "name": name,
                "in": "path",
                "required": true,
                "schema": match *name {
                    "point" => json!({"type": "string", "enum": Point::ALL.map(Point::as_str)}),
                    _ => json!({"type": "string", "format": "uuid"}),
                },
                "example": example::id(name),
            })
        });
        let query = self.query.iter();
        let query = query.filter(|taken| has_legacy || !taken.is_legacy);
        let mut parameters: Vec<_> = ids
            .chain(query.map(|taken| parameter::of(taken, limits)))
            .collect();
        if self.is_once {
            parameters.push(shared_parameter("IdempotencyKey"));
        }
        parameters.push(shared_parameter("RequestId"));
        parameters
    }

    fn responses(&self, schemas: &mut Schemas) -> Map<String, Value> {
        let mut responses = refusal::responses(&self.possible_reasons());
        let mut headers = Map::new();
        let mut add = |name: &str, shared| headers.insert(name.to_owned(), shared_header(shared));
        add("X-Request-Id", "RequestId");
        if self.is_placed {
            add("Talk-Position", "TalkPosition");
        }
        if self.is_once {
            add("Idempotent-Replayed", "IdempotentReplayed");
        }
        let mut success = json!({"description": "Done.", "headers": headers});
        if let (Some(answer), Some(success)) = (&self.answer, success.as_object_mut()) {
            success.insert("description".to_owned(), answer.about.into());
            success.insert("content".to_owned(), answer.content(schemas));
        }
        if self.is_intercepted() {
            let held = json!({
                "description": "It is held until an admin decides on it.",
                "headers": success.get("headers"),
                "content": {"application/json": {
                    "schema": schemas.given::<Held>(),
                    "example": Held::new(example::DECISION.to_owned()),
                }},
            });
            responses.insert("202".to_owned(), held);
        }
        responses.insert("200".to_owned(), success);
        if self.successor.is_some() {
            responses.values_mut().for_each(describe_deprecation);
        }
        responses
    }

    /// Its part of the document.
    pub(in crate::openapi) fn describe(
        &self,
        tag: &str,
        schemas: &mut Schemas,
        limits: &Limits,
    ) -> Value {
        let mut described = json!({
            "operationId": self.name,
            "summary": self.summary,
            "description": self.full_about(),
            "tags": [tag],
            "parameters": self.parameters(schemas.has_legacy, limits),
            "responses": self.responses(schemas),
        });
        if let Some(described) = described.as_object_mut() {
            if let Some(body) = &self.body {
                described.insert("requestBody".to_owned(), body.describe(schemas));
            }
            if self.successor.is_some() {
                described.insert("deprecated".to_owned(), true.into());
            }
            if !self.needs_login {
                described.insert("security".to_owned(), json!([]));
            }
        }
        described
    }
}

impl Body {
    fn describe(&self, schemas: &mut Schemas) -> Value {
        let Some(schema) = self.schema else {
            return json!({
                "required": false,
                "description": "Nothing is needed; an object is ignored.",
                "content": {"application/json": {"schema": {"type": "object"}, "example": {}}},
            });
        };
        json!({
            "required": self.is_required,
            "content": {self.media_type: {"schema": schema(schemas), "examples": self.examples}},
        })
    }
}

impl Answer {
    fn content(&self, schemas: &mut Schemas) -> Value {
        let schema = (self.schema)(schemas);
        json!({self.media_type: {"schema": schema, "example": self.example}})
    }
}

/// Every answer of a deprecated operation says so.
fn describe_deprecation(response: &mut Value) {
    let Some(response) = response.as_object_mut() else {
        return;
    };
    let headers = response.entry("headers").or_insert_with(|| json!({}));
    if let Some(headers) = headers.as_object_mut() {
        for name in ["Deprecation", "Link"] {
            headers.insert(name.to_owned(), shared_header(name));
        }
    }
}
