//! The catalogue of reasons: the meaning of every refusal, and what the client should do.
//!
//! It lists exactly the reasons in use: tests of `talk-http-actix` compare it with the sources.

mod invalid;
mod refused;

use std::borrow::Cow;
use std::collections::BTreeSet;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::json;

use crate::schema::written;

/// A stable reason, explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The status in the envelope.
    pub status: &'static str,
    /// The reason.
    pub reason: &'static str,
    /// The cause of the refusal.
    pub meaning: &'static str,
    /// The action that the client should take.
    pub fix: &'static str,
}

/// Returns every reason, grouped by status.
pub fn reasons() -> impl Iterator<Item = &'static Reason> {
    invalid::REASONS.iter().chain(refused::REASONS)
}

impl JsonSchema for Reason {
    fn schema_name() -> Cow<'static, str> {
        "Reason".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names: BTreeSet<_> = reasons().map(|known| known.reason).collect();
        written(json!({
            "type": "string",
            "description": "A stable reason. Later versions may know more of them.",
            "enum": names,
        }))
    }
}

/// Every sort of refusal.
pub(crate) fn statuses() -> BTreeSet<&'static str> {
    reasons().map(|known| known.status).collect()
}

/// Finds a reason in the catalogue.
#[must_use]
pub fn find(reason: &str) -> Option<&'static Reason> {
    reasons().find(|known| known.reason == reason)
}

/// Declares reasons: `STATUS { REASON "meaning" "fix"; … }`.
macro_rules! catalogue {
    ($($status:ident { $($reason:ident $meaning:literal $fix:literal;)* })*) => {
        &[$($($crate::reason::Reason {
            status: stringify!($status),
            reason: stringify!($reason),
            meaning: $meaning,
            fix: $fix,
        },)*)*]
    };
}
use catalogue;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_explained_once() {
        let mut all: Vec<_> = reasons().map(|known| known.reason).collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn an_explanation_is_a_sentence() {
        for known in reasons() {
            for text in [known.meaning, known.fix] {
                let is_sentence =
                    text.ends_with('.') && text.starts_with(|first: char| !first.is_lowercase());
                assert!(is_sentence, "{}: {text}", known.reason);
            }
        }
    }
}
