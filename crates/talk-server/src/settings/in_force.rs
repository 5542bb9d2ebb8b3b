//! Which value of each setting is in force, and where it comes from.

use std::collections::HashMap;

use confique::Config;
use confique::meta::{Expr, Field, FieldKind, LeafKind};
use serde::Serialize;
use serde_json::Value;

use super::{SECRETS, Settings};

/// What is shown of a secret.
const MASK: &str = "********";

/// A setting with the value that is in force.
#[derive(Debug, Serialize)]
pub(crate) struct InForce {
    /// Its name in the file.
    pub(crate) name: &'static str,
    /// The value as it was given; a secret is masked, `None` is not given.
    pub(crate) value: Option<Value>,
    /// The flag, the variable, the file or `default`.
    pub(crate) origin: String,
}

/// A setting as it is documented.
#[derive(Debug, Serialize)]
pub(crate) struct Documented {
    name: &'static str,
    flag: String,
    environment: Option<&'static str>,
    default: Option<Value>,
    is_secret: bool,
    help: String,
}

/// Values given from outside, by setting; the first source to name a setting wins.
#[derive(Default)]
pub(super) struct Origins(HashMap<&'static str, (Value, String)>);

impl Origins {
    /// Remembers a value unless a stronger source gave one.
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
    // Of plain numbers and texts, which JSON always has a form for.
    serde_json::to_value(default).unwrap_or(Value::Null)
}

fn json(value: &toml::Value) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}
