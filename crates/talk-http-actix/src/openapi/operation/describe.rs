//! An operation as a part of the document.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{Answer, Body, Operation, Schema};
use crate::openapi::field;
use crate::openapi::parameter::{shared_header, shared_parameter};
use crate::openapi::{example, parameter, refusal};

impl Operation {
    /// Its reasons, without those that need what it does not take.
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

    /// What there is to know, its successor included.
    fn full_about(&self) -> String {
        let successor = self.successor.map(|path| {
            let method = self.method.to_uppercase();
            format!("Deprecated: `{method} {path}` does it today.")
        });
        let about = Some(self.about.to_owned()).filter(|about| !about.is_empty());
        let parts: Vec<String> = about.into_iter().chain(successor).collect();
        parts.join("\n\n")
    }

    fn parameters(&self, has_legacy: bool) -> Vec<Value> {
        let ids = self.ids.iter().map(|name| {
            json!({
                "name": name,
                "in": "path",
                "required": true,
                "schema": {"type": "string", "format": "uuid"},
                "example": example::id(name),
            })
        });
        let query = self.query.iter();
        let query = query.filter(|taken| has_legacy || !taken.is_legacy);
        let mut parameters: Vec<_> = ids.chain(query.map(parameter::of)).collect();
        if self.is_once {
            parameters.push(shared_parameter("IdempotencyKey"));
        }
        parameters.push(shared_parameter("RequestId"));
        parameters
    }

    fn responses(&self, has_legacy: bool) -> Map<String, Value> {
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
            success.insert("content".to_owned(), answer.content(has_legacy));
        }
        responses.insert("200".to_owned(), success);
        if self.successor.is_some() {
            responses.values_mut().for_each(tell_deprecation);
        }
        responses
    }

    /// Its part of the document.
    pub(in crate::openapi) fn describe(&self, tag: &str, has_legacy: bool) -> Value {
        let mut described = json!({
            "operationId": self.name,
            "summary": self.summary,
            "tags": [tag],
            "parameters": self.parameters(has_legacy),
            "responses": self.responses(has_legacy),
        });
        if let Some(described) = described.as_object_mut() {
            let about = self.full_about();
            if !about.is_empty() {
                described.insert("description".to_owned(), about.into());
            }
            if let Some(body) = &self.body {
                described.insert("requestBody".to_owned(), body.describe());
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
    fn describe(&self) -> Value {
        let Some(used) = &self.schema else {
            return json!({
                "required": false,
                "description": "Nothing is needed; an object is ignored.",
                "content": {"application/json": {"schema": {"type": "object"}, "example": {}}},
            });
        };
        json!({
            "required": self.is_required,
            "content": {"application/json": {
                "schema": used.reference(),
                "examples": self.examples,
            }},
        })
    }
}

impl Answer {
    fn content(&self, has_legacy: bool) -> Value {
        let schema = match &self.schema {
            Schema::One(used) => used.reference(),
            Schema::Page(used) => field::list(&used.reference()),
            Schema::Nothing => json!({"type": "object"}),
            Schema::Events => field::event_page(has_legacy),
            Schema::Text => json!({"type": "string"}),
        };
        json!({self.media_type: {"schema": schema, "example": self.example}})
    }
}

/// Every answer of a deprecated operation says so.
fn tell_deprecation(response: &mut Value) {
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
