//! Parameters and headers that many operations share.

use serde_json::{Value, json};
use talk_domain::kernel::limits::Limits;
use talk_wire::schema::UUID;

use super::format;
use crate::endpoint::{Form, Parameter};

/// A parameter of a query.
pub(super) fn of(parameter: &Parameter, limits: &Limits) -> Value {
    let mut schema = form(&parameter.form, limits);
    if let (Some(default), Some(schema)) = (parameter.default, schema.as_object_mut()) {
        let default = serde_json::from_str(default).unwrap_or_else(|_| default.into());
        schema.insert("default".to_owned(), default);
    }
    let mut described = json!({
        "name": parameter.name,
        "in": "query",
        "description": parameter.about,
        "schema": schema,
    });
    if let Some(described) = described.as_object_mut() {
        if parameter.is_required {
            described.insert("required".to_owned(), true.into());
        }
        if let Some(example) = parameter.example {
            described.insert("example".to_owned(), example.into());
        }
    }
    described
}

fn form(form: &Form, limits: &Limits) -> Value {
    match form {
        Form::Id => format::id(),
        Form::IdOr(word) => json!({"type": "string", "pattern": format!("^({word}|{UUID})$")}),
        Form::Ids(limit) => format::ids(*limit),
        Form::Number(least, most) => {
            json!({"type": "integer", "minimum": least, "maximum": most})
        }
        Form::Time => format::instant(),
        Form::PageToken => format::page_token(),
        Form::Words(words) => json!({"type": "string", "enum": words}),
        Form::Name => format::text(0, limits.name),
        Form::Text(most) => format::text(1, *most),
        Form::Emoji => format::text(1, limits.emoji),
    }
}

/// Returns the reference to a parameter of [`shared`].
pub(super) fn shared_parameter(name: &str) -> Value {
    json!({"$ref": format!("#/components/parameters/{name}")})
}

/// Returns the reference to a header of [`headers`].
pub(super) fn shared_header(name: &str) -> Value {
    json!({"$ref": format!("#/components/headers/{name}")})
}

pub(super) fn shared() -> Value {
    json!({
        "IdempotencyKey": {
            "name": "Idempotency-Key",
            "in": "header",
            "description": "Makes the request take effect once; kept for 24 hours.",
            "schema": {"type": "string", "minLength": 8, "maxLength": 255, "pattern": "^[!-~]{8,255}$"},
        },
        "RequestId": {
            "name": "X-Request-Id",
            "in": "header",
            "description": "1 to 64 characters of `A-Z`, `a-z`, `0-9`, `_` and `-` are kept as the \
                            id of the request; anything else is replaced.",
            "schema": {"type": "string"},
            "example": "order-4711",
        },
    })
}

pub(super) fn headers() -> Value {
    json!({
        "RequestId": {
            "description": "The id of the request: that of the request's own header, or a new one.",
            "schema": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"},
        },
        "IdempotentReplayed": {
            "description": "The answer was given before, to the same request with this key.",
            "schema": {"type": "string", "const": "true"},
        },
        "Deprecation": {
            "description": "Since when the operation is deprecated (RFC 9745).",
            "schema": {"type": "string", "pattern": "^@[0-9]+$"},
        },
        "Link": {
            "description": "Where the successors are described (RFC 9745).",
            "schema": {"type": "string"},
            "example": crate::endpoints::SUCCESSORS,
        },
        "TalkPosition": {
            "description": "`<epoch>;<chat_id>=<seq>`: where to follow the chat's log from.",
            "schema": {"type": "string", "pattern": "^[^;]+;[0-9a-f-]{36}=[0-9]+$"},
        },
        "RetryAfter": {
            "description": "Seconds to wait before trying again.",
            "schema": {"type": "string", "pattern": "^[0-9]+$"},
        },
        "WwwAuthenticate": {
            "description": "How to authenticate.",
            "schema": {"type": "string", "const": "Bearer"},
        },
    })
}
