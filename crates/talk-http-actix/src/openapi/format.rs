//! The formats of values in queries.

use serde_json::{Value, json};
use talk_wire::schema::{NO_NUL, UUID};

/// A valid date, leap years included.
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

/// A time in one of the two accepted formats.
fn either_form() -> String {
    format!(r"({DAY} {CLOCK}\.[0-9]{{6}}|{DAY}[Tt ]{CLOCK}(\.[0-9]+)?{OFFSET})")
}

/// An id.
pub(super) fn id() -> Value {
    json!({"type": "string", "format": "uuid"})
}

/// Ids separated by commas.
pub(super) fn ids(limit: usize) -> Value {
    json!({"type": "string", "pattern": format!("^{UUID}(,{UUID}){{0,{}}}$", limit - 1)})
}

/// A page token.
pub(super) fn page_token() -> Value {
    json!({"type": "string", "pattern": format!("^{}(~{UUID})?$", either_form())})
}

/// A time in one of the two accepted formats.
pub(super) fn instant() -> Value {
    json!({"type": "string", "pattern": format!("^{}$", either_form())})
}

/// Text of `least` to `most` characters.
pub(super) fn text(least: usize, most: usize) -> Value {
    json!({"type": "string", "minLength": least, "maxLength": most, "pattern": NO_NUL})
}
