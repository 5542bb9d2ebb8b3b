//! Deserializes JSON objects only: serde would also accept an array of a struct's fields in order.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

/// A `T` read from an object.
struct Object<T>(T);

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Object)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

/// For a field that may be absent or null.
pub(crate) fn optional<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let object = Option::<Object<T>>::deserialize(deserializer)?;
    Ok(object.map(|object| object.0))
}

/// For a list that may be absent or null.
pub(crate) fn optional_list<'de, D, T>(deserializer: D) -> Result<Option<Vec<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let list = Option::<Vec<Object<T>>>::deserialize(deserializer)?;
    Ok(list.map(|list| list.into_iter().map(|object| object.0).collect()))
}

#[cfg(test)]
mod tests {
    use crate::request::{CreateChat, PostMessage};
    use serde_json::from_str;

    #[test]
    fn an_array_is_no_object() {
        for body in [
            r#"{"participants": [["agent", "x"]]}"#,
            r#"{"participants": [{"owner_type": "agent"}, []]}"#,
        ] {
            assert!(from_str::<CreateChat>(body).is_err(), "{body}");
        }
        for body in [
            r#"{"medias": [["link", null, "https://e.test"]]}"#,
            r#"{"medias": [{"type": "address", "address": ["tel", "1"]}]}"#,
        ] {
            assert!(from_str::<PostMessage>(body).is_err(), "{body}");
        }
        for body in [
            r#"{"participants": null}"#,
            r#"{"participants": []}"#,
            r#"{"participants": [{"owner_type": "agent"}]}"#,
        ] {
            assert!(from_str::<CreateChat>(body).is_ok(), "{body}");
        }
    }
}
