//! An operation as a part of the document.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::Operation;
use crate::openapi::parameter::{shared_header, shared_parameter};
use crate::openapi::refusal;

impl Operation {
    /// Its reasons, without those that need what it does not take.
    pub(in crate::openapi) fn possible_reasons(&self) -> BTreeSet<&'static str> {
        let takes = |name: &str| {
            let mut names = self.parameters.iter().filter_map(|taken| taken.get("name"));
            names.any(|taken| taken == name)
        };
        let is_in_path = |name| self.path.contains(&format!("{{{name}}}"));
        let is_possible = |reason: &&str| match *reason {
            "MESSAGE_NOT_FOUND" => takes("message_id") || takes("parent_id"),
            "SINCE_SEQ_NEEDS_CHAT" => !is_in_path("chat_id"),
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

    /// Its part of the document.
    pub(in crate::openapi) fn describe(mut self, tag: &str) -> Value {
        self.parameters.push(shared_parameter("RequestId"));
        let mut responses = refusal::responses(&self.possible_reasons());
        let about = self.full_about();
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
        if self.successor.is_some() {
            responses.values_mut().for_each(tell_deprecation);
        }
        let mut described = json!({
            "operationId": self.name,
            "summary": self.summary,
            "tags": [tag],
            "parameters": self.parameters,
            "responses": responses,
        });
        if let Some(described) = described.as_object_mut() {
            if !about.is_empty() {
                described.insert("description".to_owned(), about.into());
            }
            if let Some(body) = self.body {
                described.insert("requestBody".to_owned(), body);
            }
            if self.successor.is_some() {
                described.insert("deprecated".to_owned(), true.into());
            }
            if self.is_public {
                described.insert("security".to_owned(), json!([]));
            }
        }
        described
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
