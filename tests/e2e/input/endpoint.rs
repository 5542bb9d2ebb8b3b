//! An endpoint that reads a body, and the fields of that body.

use reqwest::{Body, Method, RequestBuilder};
use serde_json::Value;

use talk_testkit::harness::{Answer, Client};

/// Bytes of a login's body, of a message's and of any other.
const LIMITS: [usize; 3] = [8 * 1024, 64 * 1024, 256 * 1024];

/// An endpoint, and a body that it takes.
#[derive(Clone)]
pub(super) struct Endpoint {
    pub(super) by: Client,
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) body: Value,
    /// Bytes its body may have.
    pub(super) limit: usize,
}

/// A field of a body.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pointer: String,
    /// Its path as refusals name it.
    pub(super) path: String,
    pub(super) value: Value,
}

impl Endpoint {
    pub(super) fn new(by: &Client, method: Method, path: String, body: Value) -> Self {
        Self {
            by: by.clone(),
            method,
            path,
            body,
            limit: LIMITS[2],
        }
    }

    /// The same, with the small body of logins.
    pub(super) fn of_logins(self) -> Self {
        Self {
            limit: LIMITS[0],
            ..self
        }
    }

    /// The same, with the smaller body of messages.
    pub(super) fn of_messages(self) -> Self {
        Self {
            limit: LIMITS[1],
            ..self
        }
    }

    pub(super) fn request(&self) -> RequestBuilder {
        self.by.request(self.method.clone(), &self.path)
    }

    /// Sends these bytes as JSON.
    pub(super) async fn send(&self, body: impl Into<Body>) -> Answer {
        let request = self.request().header("Content-Type", "application/json");
        Answer::to(request.body(body)).await
    }

    /// Sends its body with another value of `field`.
    pub(super) async fn send_with(&self, field: &Field, value: &Value) -> Answer {
        self.send(self.body_with(field, &value.to_string())).await
    }

    /// Its body with this JSON text, right or wrong, in place of `field`.
    pub(super) fn body_with(&self, field: &Field, json: &str) -> String {
        const HERE: &str = "!here!";
        let mut body = self.body.clone();
        *body.pointer_mut(&field.pointer).expect("the field") = Value::from(HERE);
        body.to_string().replace(&format!("\"{HERE}\""), json)
    }

    /// Every field of its body, also inside of others.
    pub(super) fn fields(&self) -> Vec<Field> {
        let mut fields = Vec::new();
        collect(&self.body, ("", ""), &mut fields);
        fields
    }

    /// A body as it takes, of this many bytes.
    pub(super) fn body_of(&self, bytes: usize) -> String {
        let mut body = self.body.clone();
        body["padding"] = Value::from("");
        let padding = bytes - body.to_string().len();
        body["padding"] = Value::from("x".repeat(padding));
        body.to_string()
    }
}

fn collect(value: &Value, (pointer, path): (&str, &str), fields: &mut Vec<Field>) {
    let mut add = |pointer: String, path: String, value: &Value| {
        collect(value, (&pointer, &path), fields);
        let value = value.clone();
        fields.push(Field {
            pointer,
            path,
            value,
        });
    };
    match value {
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                add(format!("{pointer}/{i}"), format!("{path}[{i}]"), item);
            }
        }
        Value::Object(items) => {
            let dot = if path.is_empty() { "" } else { "." };
            for (name, item) in items {
                add(
                    format!("{pointer}/{name}"),
                    format!("{path}{dot}{name}"),
                    item,
                );
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
