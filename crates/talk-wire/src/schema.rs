//! JSON schemas of the wire types, for the documents that describe the API. Each type derives its
//! own. Three conventions hold for all types: a field named `id` or ending in `_id` is an id, one named
//! `tm` or beginning with `tm_` is a time, and text that clients send has no U+0000. The keyword
//! `x-limit` names a limit of the installation, for example `#[schemars(extend("x-limit" = "name"))]`.

use schemars::generate::{SchemaGenerator, SchemaSettings};
pub use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};
use talk_domain::kernel::limits::Limits;

/// Any text but U+0000.
pub const NO_NUL: &str = r"^[^\u0000]*$";

/// Text with at least one visible character.
pub const NOT_BLANK: &str = r"^[^\u0000]*[^\s\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb][^\u0000]*$";

/// An http or https URL with a host.
pub const URL: &str = r"^[Hh][Tt][Tt][Pp][Ss]?://([^/?#\s\\\u0000-\u001f\u007f-\u009f]*@)?[^/?#:@\s\\\u0000-\u001f\u007f-\u009f][^/?#@\s\\\u0000-\u001f\u007f-\u009f]*([/?#][^\s\\\u0000-\u001f\u007f-\u009f]*)?$";

/// A MIME type, with or without parameters.
pub const MIME: &str = r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+/[!#$%&'*+.^_`|~0-9A-Za-z-]+ *(;[^\u0000-\u001f\u007f-\u009f]*)?$";

/// A username.
pub const USERNAME: &str = r"^[^\s\u0000-\u001f\u007f-\u009f]+$";

/// An emoji: a short name, a keycap, or characters beyond ASCII.
pub const EMOJI: &str =
    r"^([a-z0-9_+-]{1,64}|[0-9#*]\ufe0f?\u20e3|[^\u0000-\u007f][^\u0000-\u0020]*)$";

/// An id as the service writes it.
const LOWER_UUID: &str = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$";

/// An id as the service writes it, or `""` for none.
pub const LOWER_UUID_OR_EMPTY: &str =
    "^(|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$";

/// An id in any case, or `""` for none.
pub const UUID_OR_EMPTY: &str =
    "^(|[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12})$";

/// An id in any case.
pub const UUID: &str =
    "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}";

/// A time as the service writes it.
const TIME: &str = r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}";

/// The sentence that every time has in its description.
const ZONE: &str = "In UTC, for example `2024-01-17 10:30:00.000000`: put a `Z` behind it before it \
                    is read as a date.";

/// The times that may be `""`.
const MAY_BE_EMPTY: [&str; 7] = [
    "tm_delete",
    "tm_download_expire",
    "tm_edit",
    "tm_expire",
    "tm_failing",
    "tm_next",
    "tm_opt_out",
];

/// The side that writes a type. The rules for absent fields and null differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    /// Clients.
    Sent,
    /// The service.
    Given,
}

/// The schemas of a document. Collects the schemas to which others refer.
#[derive(Debug)]
pub struct Schemas {
    sent: SchemaGenerator,
    given: SchemaGenerator,
    /// Whether the service serves the endpoints of the first generations.
    pub has_legacy: bool,
}

impl Schemas {
    /// No schemas yet.
    #[must_use]
    pub fn new(has_legacy: bool) -> Self {
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
        });
        Self {
            sent: settings.clone().for_deserialize().into_generator(),
            given: settings.for_serialize().into_generator(),
            has_legacy,
        }
    }

    /// The schema of a type that clients send.
    pub fn sent<T: JsonSchema>(&mut self) -> Value {
        self.sent.subschema_for::<T>().into()
    }

    /// The schema of a type that the service writes.
    pub fn given<T: JsonSchema>(&mut self) -> Value {
        self.given.subschema_for::<T>().into()
    }

    /// Returns the collected schemas, with the limits of an installation. A type that both sides
    /// write has the schema for requests.
    #[must_use]
    pub fn components(mut self, limits: &Limits) -> Map<String, Value> {
        let mut components = Map::new();
        for (side, generator) in [(Side::Given, &mut self.given), (Side::Sent, &mut self.sent)] {
            let definitions = generator.take_definitions(false).into_iter();
            let definitions = definitions.flat_map(|(name, schema)| split_titled(name, schema));
            for (name, mut schema) in definitions {
                complete(&mut schema, side, limits);
                components.extend(split_optional_words(&name, &mut schema));
                components.insert(name, schema);
            }
        }
        components
    }
}

/// Completes a schema and those within it.
fn complete(schema: &mut Value, side: Side, limits: &Limits) {
    let Some(object) = schema.as_object_mut() else {
        return;
    };
    for key in ["oneOf", "anyOf"] {
        let parts = object.get_mut(key).and_then(Value::as_array_mut);
        for part in parts.into_iter().flatten() {
            complete(part, side, limits);
        }
    }
    let properties = object.get_mut("properties").and_then(Value::as_object_mut);
    for (name, property) in properties.into_iter().flatten() {
        if let Some(property) = property.as_object_mut() {
            complete_property(name, property, side, limits);
        }
    }
    remove_width(object);
}

/// Gives each titled part of a union a schema of its own, named by its title.
fn split_titled(name: String, mut schema: Value) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    let parts = schema.get_mut("oneOf").and_then(Value::as_array_mut);
    for part in parts.into_iter().flatten() {
        if let Some(title) = part.get("title").and_then(Value::as_str).map(str::to_owned) {
            let reference = json!({"$ref": format!("#/components/schemas/{title}")});
            found.push((title, std::mem::replace(part, reference)));
        }
    }
    found.push((name, schema));
    found
}

/// Gives the words of a property that may be null a schema of their own, named after the component and
/// the property: generators make one type of it, and not one of each combination.
fn split_optional_words(component: &str, schema: &mut Value) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
    for (name, property) in properties.into_iter().flatten() {
        let Some(property) = property.as_object_mut() else {
            continue;
        };
        let words = property.get("enum").and_then(Value::as_array);
        let Some(words) = words.filter(|words| words.contains(&Value::Null)) else {
            continue;
        };
        let words: Vec<_> = words
            .iter()
            .filter(|word| !word.is_null())
            .cloned()
            .collect();
        let kind = if words.iter().all(Value::is_string) {
            "string"
        } else {
            "integer"
        };
        for keyword in ["enum", "type", "minimum", "maximum"] {
            property.remove(keyword);
        }
        let own = format!("{component}{}", camel(name));
        let reference = format!("#/components/schemas/{own}");
        let either = json!([{"$ref": reference}, {"type": "null"}]);
        property.insert("oneOf".to_owned(), either);
        found.push((own, json!({"type": kind, "enum": words})));
    }
    found
}

/// `chat_created` as `ChatCreated`.
pub(crate) fn camel(name: &str) -> String {
    let words = name.split('_');
    let words = words.flat_map(|word| {
        let mut letters = word.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(letters)
    });
    words.collect()
}

fn complete_property(name: &str, property: &mut Map<String, Value>, side: Side, limits: &Limits) {
    property.remove("default");
    let may_be_null = property.remove("x-null").is_some() || side == Side::Sent;
    if !may_be_null {
        forbid_null(property);
    } else if let Some(either) = property.remove("anyOf") {
        // A reference or null, never both: generators know the stricter keyword better.
        property.insert("oneOf".to_owned(), either);
    }
    apply_conventions(name, property, side);
    let limit = property.get("x-limit").and_then(Value::as_str);
    if let Some(limit) = limit.and_then(|limit| limit_of(limit, limits)) {
        let is_list = property.contains_key("items");
        let keyword = if is_list { "maxItems" } else { "maxLength" };
        property.remove("x-limit");
        property.insert(keyword.to_owned(), limit.into());
    }
    let is_free = !["enum", "pattern", "const", "format"]
        .iter()
        .any(|key| property.contains_key(*key));
    if side == Side::Sent && is_free && is_text(property) {
        property.insert("pattern".to_owned(), NO_NUL.into());
    }
    for inner in ["items", "additionalProperties"] {
        if let Some(inner) = property.get_mut(inner) {
            complete(inner, side, limits);
        }
    }
    remove_width(property);
}

/// Removes the width of a number, which is a detail of the Rust type.
fn remove_width(schema: &mut Map<String, Value>) {
    let format = schema.get("format").and_then(Value::as_str);
    if format.is_some_and(|format| format.contains("int")) {
        schema.remove("format");
    }
}

fn apply_conventions(name: &str, property: &mut Map<String, Value>, side: Side) {
    let is_named = |end: &str| name.ends_with(end) && name != "request_id";
    if name.ends_with("_ids") && property.contains_key("items") {
        property.insert("items".to_owned(), id(side));
    }
    let is_free = side == Side::Sent && is_text(property) && !property.contains_key("x-limit");
    if is_free && ["name", "detail"].contains(&name) {
        property.insert("x-limit".to_owned(), name.into());
    }
    if !is_text(property) || property.contains_key("pattern") {
        return;
    }
    let is_null = property.get("type").is_some_and(Value::is_array);
    if name == "id" || is_named("_id") {
        let form = if is_null {
            json!({"pattern": format!("^(|{UUID})$")})
        } else {
            id(side)
        };
        extend(property, form);
    } else if name == "tm" || name.starts_with("tm_") {
        let pattern = if MAY_BE_EMPTY.contains(&name) {
            format!("^(|{TIME})$")
        } else {
            format!("^{TIME}$")
        };
        let description = property.get("description").and_then(Value::as_str);
        let description = format!("{} {ZONE}", description.unwrap_or_default());
        extend(
            property,
            json!({"pattern": pattern, "description": description}),
        );
    }
}

fn extend(property: &mut Map<String, Value>, more: Value) {
    if let Value::Object(more) = more {
        property.extend(more);
    }
}

fn id(side: Side) -> Value {
    let pattern = match side {
        Side::Sent => format!("^{UUID}$"),
        Side::Given => LOWER_UUID.to_owned(),
    };
    json!({"type": "string", "format": "uuid", "pattern": pattern})
}

fn is_text(property: &Map<String, Value>) -> bool {
    property.get("type").is_some_and(|kind| {
        let mut kinds = kind.as_array().into_iter().flatten();
        kind == "string" || kinds.any(|kind| kind == "string")
    })
}

/// Removes null from the types of a property: the service leaves empty fields out, but for those that
/// are marked with `x-null`.
fn forbid_null(property: &mut Map<String, Value>) {
    let kinds = property.get("type").and_then(Value::as_array);
    let kind = kinds.and_then(|kinds| kinds.iter().find(|kind| *kind != "null").cloned());
    if let Some(kind) = kind {
        property.insert("type".to_owned(), kind);
    }
    let parts = property.get("anyOf").and_then(Value::as_array);
    let reference = parts.and_then(|parts| parts.iter().find_map(|part| part.get("$ref")).cloned());
    if let Some(reference) = reference {
        property.remove("anyOf");
        property.insert("$ref".to_owned(), reference);
    }
}

fn limit_of(name: &str, limits: &Limits) -> Option<usize> {
    Some(match name {
        "name" => limits.name,
        "detail" => limits.detail,
        "text" => limits.text,
        "medias" => limits.medias,
        "participants" => limits.participants,
        "emoji" => limits.emoji,
        _ => return None,
    })
}

/// Adds a schema under a name of its own, and returns a reference to it.
pub(crate) fn define(generator: &mut SchemaGenerator, name: &str, schema: Value) -> Value {
    generator.definitions_mut().insert(name.to_owned(), schema);
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// Converts JSON to a schema; JSON other than an object allows any value.
pub(crate) fn written(schema: Value) -> Schema {
    Schema::try_from(schema).unwrap_or_default()
}
