//! Compares the document with the routes, the reasons and the committed files.

mod catalogue;
mod legacy;
mod socket;

use std::collections::{BTreeMap, BTreeSet};

use actix_web::http::Method;
use serde_json::Value;
use talk_domain::kernel::limits::Limits;
use talk_wire::reason::find;

use super::{Operation, asyncapi, document, errors, groups, openapi};
use crate::endpoint::Endpoint;
use crate::endpoints;
use crate::testing::{Scene, request};

fn operations() -> impl Iterator<Item = Operation> {
    let rows = groups(true).into_iter().flat_map(|group| group.rows);
    rows.filter_map(Endpoint::into_operation)
}

/// The methods of each path of the public listener.
fn mounted() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let mut paths: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for row in endpoints::rows(true) {
        for method in row.methods() {
            let methods = paths.entry(row.path()).or_default();
            assert!(methods.insert(method), "{method} {} twice", row.path());
        }
    }
    paths
}

/// The words of a list like `GET, POST`.
fn words(list: &str) -> BTreeSet<&str> {
    list.split(", ").collect()
}

#[test]
fn the_committed_descriptions_are_the_generated_ones() {
    for (name, generated) in [
        ("openapi.json", openapi()),
        ("asyncapi.json", asyncapi()),
        ("ERRORS.md", errors()),
    ] {
        let path = format!("{}/{name}", env!("CARGO_MANIFEST_DIR"));
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            committed == generated,
            "{name} is out of date: run `make openapi`"
        );
    }
}

#[test]
fn a_handler_takes_every_id_of_its_path_and_no_other() {
    for operation in operations() {
        let in_path: Vec<_> = operation
            .path()
            .split(['{', '}'])
            .skip(1)
            .step_by(2)
            .collect();
        assert_eq!(operation.ids(), in_path, "{}", operation.path());
    }
}

#[test]
fn an_operation_has_a_name_a_summary_and_an_example_that_its_handler_accepts() {
    for operation in operations() {
        let path = operation.path();
        assert_eq!(
            operation.missing(),
            [""; 0],
            "{} {path}",
            operation.method()
        );
        if let Some(error) = operation.fault() {
            panic!("{path}: {error}");
        }
    }
}

#[actix_web::test]
async fn a_method_without_a_row_is_refused_with_those_that_have_one() {
    let scene = Scene::new();
    let paths = mounted();
    assert!(paths.len() > 30, "{paths:?}");
    for (path, methods) in paths {
        let parts = path.split(['{', '}']).enumerate();
        let uri: String = parts
            .map(|(i, part)| match i % 2 {
                0 => part,
                _ => super::example::id(part),
            })
            .collect();
        let answer = scene.call(request(1, Method::PATCH, &uri)).await;
        assert_eq!(answer.status, 405, "{path}");
        assert_eq!(words(answer.header("allow")), methods, "{path}");
    }
}

#[test]
fn every_reason_of_an_operation_is_in_the_catalogue() {
    for operation in operations() {
        for reason in &operation.possible_reasons() {
            assert!(find(reason).is_some(), "{reason} of {}", operation.path());
        }
    }
}

#[test]
fn operations_have_names_of_their_own() {
    let document = document(true, &Limits::default());
    let paths = document["paths"].as_object().unwrap().values();
    let operations = paths.flat_map(|path| path.as_object().unwrap().values());
    let mut names = BTreeSet::new();
    for operation in operations {
        let name = operation["operationId"].to_string();
        assert!(names.insert(name.clone()), "{name}");
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document(true, &Limits::default());
    let mut wanted = vec![&document];
    while let Some(value) = wanted.pop() {
        match value {
            Value::Object(fields) => {
                if let Some(reference) = fields.get("$ref").and_then(Value::as_str) {
                    let pointer = reference.trim_start_matches('#');
                    assert!(document.pointer(pointer).is_some(), "{reference}");
                }
                wanted.extend(fields.values());
            }
            Value::Array(items) => wanted.extend(items),
            _ => {}
        }
    }
}

/// Case 78.
#[test]
fn the_limits_shown_are_those_of_the_installation() {
    let limits = Limits {
        text: 7,
        medias: 3,
        ..Limits::default()
    };
    let document = document(true, &limits);
    let post = &document["components"]["schemas"]["PostMessage"]["properties"];
    assert_eq!(post["text"]["maxLength"], 7);
    assert_eq!(post["medias"]["maxItems"], 3);
    assert!(
        !document.to_string().contains("x-limit"),
        "an unknown limit"
    );
}

/// Case 78: the document has no schemas for which generators of clients make no type, or an
/// anonymous one.
#[test]
fn schemas_are_named_and_say_one_thing() {
    let document = document(true, &Limits::default());
    let mut wanted = vec![(String::new(), &document)];
    while let Some((at, value)) = wanted.pop() {
        match value {
            Value::Object(fields) => {
                assert!(!fields.contains_key("anyOf"), "{at} has anyOf");
                assert!(!fields.contains_key("allOf"), "{at} has allOf");
                let kind = fields.get("type").map(Value::to_string).unwrap_or_default();
                let is_list = kind.contains("array");
                assert!(
                    !is_list || fields.contains_key("items"),
                    "{at} has no items"
                );
                let is_anonymous = fields.contains_key("properties") && at.contains("/schema");
                let is_component =
                    at.matches('/').count() == 3 && at.starts_with("/components/schemas");
                assert!(!is_anonymous || is_component, "{at} has no name");
                for (name, value) in fields {
                    wanted.push((format!("{at}/{name}"), value));
                }
            }
            Value::Array(items) => {
                let items = items.iter().enumerate();
                wanted.extend(items.map(|(i, item)| (format!("{at}/{i}"), item)));
            }
            _ => {}
        }
    }
}

/// Case 78.
#[test]
fn a_time_says_its_form_and_its_zone() {
    let document = document(true, &Limits::default());
    let mut count = 0;
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        let properties = schema["properties"].as_object().into_iter().flatten();
        for (field, property) in properties.filter(|(field, _)| field.starts_with("tm_")) {
            assert!(property["pattern"].is_string(), "{name}.{field}");
            let about = property["description"].as_str().unwrap();
            assert!(about.contains("UTC"), "{name}.{field}: {about}");
            count += 1;
        }
    }
    assert!(count > 20, "{count}");
}

/// Case 78.
#[test]
fn every_text_a_client_sends_has_a_limit_a_form_or_words() {
    let document = document(true, &Limits::default());
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for component in [
        "CreateChat",
        "UpdateChat",
        "Owner",
        "PostMessage",
        "EditMessage",
        "React",
        "Login",
        "ChangePassword",
        "CreateAgent",
        "UpdateAgent",
        "CreateAccessKey",
        "CreateWebhook",
        "UpdateWebhook",
        "UpdateCustomer",
        "ReplayWebhook",
        "Address",
        "CreateTalk",
        "AddParticipant",
        "PostTalkMessage",
    ] {
        let properties = schemas[component]["properties"].as_object().unwrap();
        for (name, property) in properties {
            let is_text = property["type"].to_string().contains("string");
            let keys = ["maxLength", "pattern", "enum", "format"];
            let is_bound = keys.iter().any(|key| property.get(key).is_some());
            assert!(!is_text || is_bound, "{component}.{name}: {property}");
        }
    }
}

#[test]
fn no_operation_is_said_to_miss_what_it_does_not_ask_for() {
    for operation in operations() {
        let reasons = operation.possible_reasons();
        let path = operation.path();
        if !path.contains("message") {
            assert!(!reasons.contains("MESSAGE_NOT_FOUND"), "{path}");
        }
        if path.contains("{chat_id}") {
            assert!(!reasons.contains("SINCE_SEQ_NEEDS_CHAT"), "{path}");
        }
    }
}

#[test]
fn a_new_chat_is_shown_as_creating_it_answers() {
    let document = document(true, &Limits::default());
    for path in ["/v1.0/service_agents/talk_chats", "/v1.0/talks"] {
        let create = &document["paths"][path]["post"];
        let json = "application/json";
        let examples = &create["requestBody"]["content"][json]["examples"];
        let sent = &examples["a group"]["value"];
        let answer = &create["responses"]["200"]["content"][json]["example"];
        assert_eq!(answer["name"], sent["name"], "{path}");
        let detail = sent["detail"].as_str().unwrap_or_default();
        assert_eq!(answer["detail"], detail, "{path}");
        // The creation and each participant are events, all of them unread.
        let members = answer["member_count"].as_u64().unwrap();
        assert_eq!(answer["last_seq"], 1 + members, "{path}");
        assert_eq!(answer["read_seq"], 0, "{path}");
        assert_eq!(answer["unread_count"], 0, "{path}");
        assert_eq!(examples.as_object().unwrap().len(), 2, "{path}");
    }
}
