//! Parameters and headers that many operations share.

use serde_json::{Value, json};

/// A parameter of the query.
pub(crate) fn query(name: &str, schema: &Value, about: &str) -> Value {
    json!({"name": name, "in": "query", "description": about, "schema": schema})
}

/// A number of the query, which may be empty.
pub(crate) fn number(least: u64, most: u64, default: Option<u64>) -> Value {
    let mut schema = json!({
        "type": ["integer", "string"],
        "minimum": least,
        "maximum": most,
        "maxLength": 0,
    });
    if let (Some(schema), Some(default)) = (schema.as_object_mut(), default) {
        schema.insert("default".to_owned(), default.into());
    }
    schema
}

/// One of [`shared`].
pub(super) fn shared_parameter(name: &str) -> Value {
    json!({"$ref": format!("#/components/parameters/{name}")})
}

/// One of [`headers`].
pub(super) fn shared_header(name: &str) -> Value {
    json!({"$ref": format!("#/components/headers/{name}")})
}

pub(super) fn shared() -> Value {
    json!({
        "PageSize": query(
            "page_size",
            &number(1, 100, Some(50)),
            "Rows of a page.",
        ),
        "PageToken": query(
            "page_token",
            &super::field::page_token(),
            "The `next_page_token` of the page before, or a time.",
        ),
        "Order": query(
            "order",
            &json!({"type": "string", "enum": ["desc", "asc", ""], "default": "desc"}),
            "`desc` newest first, `asc` oldest first.",
        ),
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
            "example": crate::routes::SUCCESSORS,
        },
        "TalkPosition": {
            "description": "`<epoch>;<chat_id>=<seq>`: where to follow the chat's log from.",
            "schema": {"type": "string", "pattern": "^[^;]+;[0-9a-f-]{36}=[0-9]+$"},
        },
        "RetryAfter": {
            "description": "Seconds to wait before trying again.",
            "schema": {"type": "string", "pattern": "^[0-9]+$"},
        },
        "Allow": {
            "description": "The methods the path has.",
            "schema": {"type": "string"},
        },
        "WwwAuthenticate": {
            "description": "How to authenticate.",
            "schema": {"type": "string", "const": "Bearer"},
        },
    })
}
