//! The effective value of each setting, and its source.

use std::collections::HashMap;

use confique::Config;
use confique::meta::{Expr, Field, FieldKind, LeafKind};
use serde::Serialize;
use serde_json::Value;

use super::{SECRETS, Settings};

/// Shown in place of a secret.
const MASK: &str = "********";

/// A setting with its effective value.
#[derive(Debug, Serialize)]
pub(crate) struct InForce {
    /// Its name in the file.
    pub(crate) name: &'static str,
    /// The value as given, masked for a secret; `None` if there is none.
    pub(crate) value: Option<Value>,
    /// The source: the flag, the variable, the file or `default`.
    pub(crate) origin: String,
}

/// A setting with its documentation.
#[derive(Debug, Serialize)]
pub(crate) struct Documented {
    name: &'static str,
    flag: String,
    environment: Option<&'static str>,
    default: Option<Value>,
    is_secret: bool,
    help: String,
}

/// The given values with their source, by setting; the first source added wins.
#[derive(Default)]
pub(super) struct Origins(HashMap<&'static str, (Value, String)>);

impl Origins {
    /// Adds a value unless a stronger source has given one.
    pub(super) fn add(&mut self, field: &'static Field, value: &toml::Value, origin: String) {
        let value = if SECRETS.contains(&field.name) {
            Value::from(MASK)
        } else {
            json(value)
        };
        self.0.entry(field.name).or_insert((value, origin));
    }

    /// All settings, in the order of the struct.
    pub(super) fn in_force(mut self) -> Vec<InForce> {
        let in_force = Settings::META.fields.iter().map(|field| {
            let given = self.0.remove(field.name);
            let (value, origin) = given.map_or_else(
                || (default(field), "default".to_owned()),
                |(value, origin)| (Some(value), origin),
            );
            InForce {
                name: field.name,
                value,
                origin,
            }
        });
        in_force.collect()
    }
}

/// Every setting with its names, default and meaning.
pub(crate) fn documented() -> Vec<Documented> {
    let settings = Settings::META.fields.iter().map(|field| Documented {
        name: field.name,
        flag: format!("--{}", field.name.replace('_', "-")),
        environment: match field.kind {
            FieldKind::Leaf { env, .. } => env,
            FieldKind::Nested { .. } => None,
        },
        default: default(field),
        is_secret: SECRETS.contains(&field.name),
        help: field.doc.join("").trim().to_owned(),
    });
    settings.collect()
}

fn default(field: &Field) -> Option<Value> {
    match field.kind {
        FieldKind::Leaf {
            kind: LeafKind::Required { default },
            ..
        } => default.map(|default| expression(&default)),
        _ => None,
    }
}

fn expression(default: &Expr) -> Value {
    // Defaults are numbers and texts, which always convert to JSON.
    serde_json::to_value(default).unwrap_or(Value::Null)
}

fn json(value: &toml::Value) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}
