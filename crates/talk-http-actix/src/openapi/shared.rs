//! Refusals that several operations have in common are written once.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// Replaces responses that come more than once by references to those it returns, named by their
/// code and, where a code has several, a number.
pub(super) fn share(operations: Vec<&mut Value>) -> Map<String, Value> {
    let responses = |operation: &'_ Value| operation.get("responses").cloned();
    let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
    for operation in &operations {
        let Some(Value::Object(responses)) = responses(operation) else {
            continue;
        };
        for (code, response) in responses {
            *counts.entry((code, response.to_string())).or_default() += 1;
        }
    }
    let mut shared = Map::new();
    let mut names: BTreeMap<(String, String), String> = BTreeMap::new();
    for operation in operations {
        let responses = operation.get_mut("responses");
        let Some(responses) = responses.and_then(Value::as_object_mut) else {
            continue;
        };
        for (code, response) in responses {
            let key = (code.clone(), response.to_string());
            if code.starts_with('2') || counts.get(&key).is_none_or(|count| *count < 2) {
                continue;
            }
            let name = names.entry(key).or_insert_with(|| {
                let of_code = |name: &&String| name.starts_with(&format!("Refused{code}"));
                let number = shared.keys().filter(of_code).count() + 1;
                let name = format!("Refused{code}n{number}");
                shared.insert(name.clone(), response.clone());
                name
            });
            *response = json!({"$ref": format!("#/components/responses/{name}")});
        }
    }
    shared
}
