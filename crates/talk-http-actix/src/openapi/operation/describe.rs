//! An operation as a part of the document.

#[cfg(test)]
use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::Operation;
use crate::openapi::parameter::{shared_header, shared_parameter};
use crate::openapi::refusal;

impl Operation {
    #[cfg(test)]
    pub(in crate::openapi) fn known_reasons(&self) -> &BTreeSet<&'static str> {
        &self.reasons
    }

    /// Its part of the document.
    pub(in crate::openapi) fn describe(mut self, tag: &str) -> Value {
        self.parameters.push(shared_parameter("RequestId"));
        let mut responses = refusal::responses(&self.reasons);
        let mut answer = Map::new();
        let mut headers = self.answer.headers;
        headers.insert("X-Request-Id".to_owned(), shared_header("RequestId"));
        answer.insert("description".to_owned(), self.answer.about.into());
        answer.insert("headers".to_owned(), headers.into());
        if let Some((kind, content)) = self.answer.content {
            answer.insert("content".to_owned(), json!({ kind: content }));
        }
        responses.insert(self.answer.code.to_owned(), answer.into());
        if self.is_cached {
            let known = json!({"description": "Nothing has changed since `If-None-Match`."});
            responses.insert("304".to_owned(), known);
        }
        let mut described = json!({
            "operationId": self.name,
            "summary": self.summary,
            "tags": [tag],
            "parameters": self.parameters,
            "responses": responses,
        });
        if let Some(described) = described.as_object_mut() {
            if !self.about.is_empty() {
                described.insert("description".to_owned(), self.about.into());
            }
            if let Some(body) = self.body {
                described.insert("requestBody".to_owned(), body);
            }
            if self.is_deprecated {
                described.insert("deprecated".to_owned(), true.into());
            }
            if self.is_public {
                described.insert("security".to_owned(), json!([]));
            }
        }
        described
    }
}
