//! The types of the wire as schemas of the document.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use talk_wire::error::ErrorEnvelope;
use talk_wire::resource::{Chat, Message, Participant, ReadMark};
use utoipa::ToSchema;

use super::field;

/// Who writes a type: what may be absent or null differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// Clients.
    Sent,
    /// The service.
    Given,
}

/// A type an operation uses, with those it is made of.
pub(super) struct Used {
    name: String,
    schemas: Vec<(String, Value)>,
}

impl Used {
    pub(super) fn of<T: ToSchema>(side: Side) -> Self {
        let name = T::name().into_owned();
        let mut schemas = Vec::new();
        T::schemas(&mut schemas);
        schemas.push((name.clone(), T::schema()));
        let schemas = schemas.into_iter().map(|(name, schema)| {
            let refined = field::refine(&name, json!(schema), side);
            (name, refined)
        });
        Self {
            name,
            schemas: schemas.collect(),
        }
    }

    pub(super) fn reference(&self) -> Value {
        field::reference(&self.name)
    }
}

/// Every type of the document.
pub(super) struct Components(BTreeMap<String, Value>);

impl Components {
    /// Those that are in no operation of their own: refusals, and what events carry.
    pub(super) fn new(has_legacy: bool) -> Self {
        let mut components = Self(BTreeMap::new());
        components.add(&[
            Used::of::<ErrorEnvelope>(Side::Given),
            Used::of::<Chat>(Side::Given),
            Used::of::<Message>(Side::Given),
            Used::of::<Participant>(Side::Given),
            Used::of::<ReadMark>(Side::Given),
        ]);
        components.0.insert("Event".to_owned(), field::event());
        if has_legacy {
            let legacy = field::legacy_event();
            components.0.insert("TalkEvent".to_owned(), legacy);
        }
        components
    }

    pub(super) fn add<'a>(&mut self, used: impl IntoIterator<Item = &'a Used>) {
        for (name, schema) in used.into_iter().flat_map(|used| &used.schemas) {
            self.0.insert(name.clone(), schema.clone());
        }
    }

    pub(super) fn schemas(&self) -> Value {
        json!(self.0)
    }
}
