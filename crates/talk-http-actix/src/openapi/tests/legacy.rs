//! The operations of the first generations.

use serde_json::Value;
use talk_domain::kernel::limits::Limits;

use crate::openapi::document;

#[test]
fn each_names_its_successor() {
    let document = document(true, &Limits::default());
    let mut count = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let is_legacy = path.starts_with("/v1.0/talks") || path.starts_with("/v1.0/messages");
            assert_eq!(operation.get("deprecated").is_some(), is_legacy, "{path}");
            if !is_legacy {
                continue;
            }
            let about = operation["description"].as_str().unwrap();
            let named = about.split('`').find(|word| word.contains(" /v1.0/"));
            let (verb, successor) = named.and_then(|word| word.split_once(' ')).unwrap();
            assert_eq!(verb.to_lowercase(), *method, "{path}");
            let successor = &document["paths"][successor][method];
            assert!(successor.is_object(), "{path}: {about}");
            assert!(successor.get("deprecated").is_none(), "{path}: {about}");
            count += 1;
        }
    }
    assert_eq!(count, 16);
}

#[test]
fn each_answer_says_that_the_operation_is_deprecated() {
    let document = document(true, &Limits::default());
    let paths = document["paths"].as_object().unwrap().values();
    let operations = paths.flat_map(|methods| methods.as_object().unwrap().values());
    for operation in operations {
        let is_deprecated = operation.get("deprecated").is_some();
        for (code, answer) in operation["responses"].as_object().unwrap() {
            let shared = answer.get("$ref").and_then(Value::as_str);
            let answer = shared.map_or(answer, |reference| {
                document.pointer(reference.trim_start_matches('#')).unwrap()
            });
            for header in ["Deprecation", "Link"] {
                let is_told = answer["headers"].get(header).is_some();
                assert_eq!(
                    is_told, is_deprecated,
                    "{} {code}",
                    operation["operationId"]
                );
            }
        }
    }
}

#[test]
fn events_carry_the_reaction() {
    let document = document(true, &Limits::default());
    let schemas = &document["components"]["schemas"];
    for (name, action) in [
        ("MessageCreatedEvent", None),
        ("ReactionAddedEvent", Some("added")),
        ("ReactionRemovedEvent", Some("removed")),
    ] {
        let fields = &schemas[name]["properties"];
        assert_eq!(fields["action"]["enum"][0].as_str(), action, "{name}");
        assert_eq!(fields.get("reaction").is_some(), action.is_some(), "{name}");
    }
}
