//! The check for U+0000 in strings.

use serde_json::Value;

use super::not_json;
use crate::api_error::ApiError;

/// Only escaped, since JSON forbids U+0000 itself.
pub(super) fn check_nul(text: &str) -> Result<(), ApiError> {
    if !text.contains("\\u0000") {
        return Ok(());
    }
    let value = serde_json::from_str(text).map_err(|_| not_json("the body is not JSON"))?;
    match nul(&value, String::new()) {
        Some(path) => Err(ApiError::invalid(
            &path,
            "NUL_CHARACTER",
            "must not contain U+0000",
        )),
        None => Ok(()),
    }
}

/// Returns the path of the first string with U+0000. The parser has bounded the depth.
fn nul(value: &Value, path: String) -> Option<String> {
    match value {
        Value::String(text) => text.contains('\0').then_some(path),
        Value::Array(items) => {
            let mut items = items.iter().enumerate();
            items.find_map(|(i, item)| nul(item, format!("{path}[{i}]")))
        }
        Value::Object(fields) => fields.iter().find_map(|(name, field)| {
            if name.contains('\0') {
                return Some(path.clone());
            }
            let dot = if path.is_empty() { "" } else { "." };
            nul(field, format!("{path}{dot}{name}"))
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}
