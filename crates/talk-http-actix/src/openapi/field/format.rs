//! The forms of text.

use serde_json::{Value, json};
use talk_domain::talk::model::limits::Limits;

/// Any text but U+0000.
pub(super) const NO_NUL: &str = r"^[^\u0000]*$";

/// Text that does not only consist of white space and characters nobody sees.
pub(super) const NOT_BLANK: &str = r"^[^\u0000]*[^\s\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb][^\u0000]*$";

/// An http or https URL with a host.
pub(super) const URL: &str = r"^[Hh][Tt][Tt][Pp][Ss]?://([^/?#\s\\\u0000-\u001f\u007f-\u009f]*@)?[^/?#:@\s\\\u0000-\u001f\u007f-\u009f][^/?#@\s\\\u0000-\u001f\u007f-\u009f]*([/?#][^\s\\\u0000-\u001f\u007f-\u009f]*)?$";

/// A MIME type, with or without parameters.
pub(super) const MIME: &str = r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+/[!#$%&'*+.^_`|~0-9A-Za-z-]+ *(;[^\u0000-\u001f\u007f-\u009f]*)?$";

/// A username.
pub(super) const USERNAME: &str = r"^[^\s\u0000-\u001f\u007f-\u009f]+$";

/// What can be an emoji: a short name, a keycap, or something that is not ASCII.
pub(super) const EMOJI: &str =
    r"^([a-z0-9_+-]{1,64}|[0-9#*]\ufe0f?\u20e3|[^\u0000-\u007f][^\u0000-\u0020]*)$";

const UUID: &str = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}";
const LOWER_UUID: &str = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
const TIME: &str = r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}";

/// A day there is, leap years included.
const DAY: &str = concat!(
    "(",
    "[0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])",
    "|(0[469]|11)-(0[1-9]|[12][0-9]|30)",
    "|02-(0[1-9]|1[0-9]|2[0-8]))",
    "|([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29",
    ")"
);
const CLOCK: &str = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]";
const OFFSET: &str = "([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])";

/// A time in either form.
fn either_form() -> String {
    format!(r"({DAY} {CLOCK}\.[0-9]{{6}}|{DAY}[Tt ]{CLOCK}(\.[0-9]+)?{OFFSET})")
}

/// An id as the service writes it.
pub(super) fn given_id() -> Value {
    json!({"type": "string", "format": "uuid", "pattern": format!("^{LOWER_UUID}$")})
}

/// An id that must be sent.
pub(in crate::openapi) fn id() -> Value {
    json!({"type": "string", "format": "uuid", "pattern": format!("^{UUID}$")})
}

/// An id that may be left out, also by null or `""`.
pub(super) fn optional_id() -> Value {
    json!({"type": ["string", "null"], "pattern": format!("^(|{UUID})$")})
}

/// Ids of a query.
pub(in crate::openapi) fn ids(limit: usize) -> Value {
    json!({"type": "string", "pattern": format!("^{UUID}(,{UUID}){{0,{}}}$", limit - 1)})
}

/// A time.
pub(super) fn time() -> Value {
    json!({"type": "string", "pattern": format!("^{TIME}$")})
}

/// A time, or `""`.
pub(super) fn time_or_none() -> Value {
    json!({"type": "string", "pattern": format!("^(|{TIME})$")})
}

/// A page token.
pub(in crate::openapi) fn page_token() -> Value {
    json!({"type": "string", "pattern": format!("^{}(~{UUID})?$", either_form())})
}

/// A time in either form.
pub(in crate::openapi) fn instant() -> Value {
    json!({"type": "string", "pattern": format!("^{}$", either_form())})
}

/// What is searched for.
pub(in crate::openapi) fn search() -> Value {
    json!({"type": "string", "maxLength": Limits::default().name, "pattern": NO_NUL})
}

/// Text of 1 to this number of characters.
pub(in crate::openapi) fn text(limit: usize) -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": limit, "pattern": NO_NUL})
}

/// Text of at most so many characters that may be left out.
pub(super) fn optional_text(limit: usize) -> Value {
    json!({"type": ["string", "null"], "maxLength": limit, "pattern": NO_NUL})
}

/// One of these words.
pub(in crate::openapi) fn word(words: &[&str]) -> Value {
    json!({"type": "string", "enum": words})
}

/// One of these words, or null.
pub(super) fn optional_word(words: &[&str]) -> Value {
    let mut all: Vec<Value> = words.iter().map(|word| json!(word)).collect();
    all.push(Value::Null);
    json!({"type": ["string", "null"], "enum": all})
}
