//! Tests that every change checks the session in its unit of work.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use actix_web::http::Method;
use serde_json::{Value, json};
use talk_domain::identity::agent::{Agent, AgentStatus, PasswordHash};
use talk_domain::kernel::context::Permission;
use talk_domain::testing::{agent_id, an_agent, chat_id, message_id};

use crate::testing::{Answer, Scene, request};

/// A body that every writing endpoint takes: each reads its own fields of it.
fn body(path: &str) -> Value {
    let kind = if path.contains("talk_messages") || path.ends_with("/messages") {
        "normal"
    } else {
        "group"
    };
    json!({
        "type": kind, "name": "N", "detail": "D",
        "chat_id": chat_id(1).to_string(), "message_id": message_id(1).to_string(),
        "text": "hello", "emoji": "+1", "seq": 5,
        "owner_type": "agent", "owner_id": agent_id(2).to_string(),
        "agent_id": agent_id(2).to_string(), "participant_ids": [agent_id(2).to_string()],
        "username": "eve", "password": "long enough",
        "old_password": "old", "new_password": "long enough",
        "uri": "https://a/",
    })
}

/// Every operation that changes something on behalf of an agent, as the description lists them.
fn writing_operations() -> Vec<(Method, String)> {
    let document: Value = serde_json::from_str(&crate::openapi()).unwrap();
    let mut found = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
            let is_there = operations.get(method.as_str().to_lowercase()).is_some();
            // Conversations run on units of their own; the end-to-end tests hold their requests.
            let is_mocked = path != "/auth/login" && !path.contains("/conversation");
            if is_there && is_mocked {
                found.push((method, path.clone()));
            }
        }
    }
    found
}

/// Sends `operation` as agent 9, an admin at the time of the request, whose state is `by_then` at
/// the time of the change. Any other call of the unit of work fails the test.
async fn call(operation: &(Method, String), by_then: (Agent, bool)) -> Answer {
    let scene = Scene::authenticating();
    scene.reads(|snapshot| {
        snapshot
            .agents
            .expect_get()
            .returning(|_| Ok(Some(an_agent(9))));
        let login = snapshot.directory.expect_login();
        login.returning(|_| Ok(Some((an_agent(9), PasswordHash("old".into())))));
    });
    let (agent, is_revoked) = by_then;
    scene.writes(|uow| {
        let found = uow.directory.expect_agent();
        found.returning(move |_| Ok(Some(agent.clone())));
        let revoked = uow.directory.expect_is_revoked();
        revoked.returning(move |_| Ok(is_revoked));
    });
    let (method, path) = operation;
    let parts = path.split('/').map(|part| match part {
        "{chat_id}" => chat_id(1).to_string(),
        "{point}" => "talk_message".to_owned(),
        part if part.starts_with('{') => message_id(1).to_string(),
        part => part.to_owned(),
    });
    let url = parts.collect::<Vec<_>>().join("/");
    let (kind, body) = if path.ends_with("/files") {
        let part = "content-disposition: form-data; name=\"file\"; filename=\"a\"";
        let form = format!("--b\r\n{part}\r\n\r\nx\r\n--b--\r\n");
        ("multipart/form-data; boundary=b", form)
    } else {
        ("application/json", body(path).to_string())
    };
    let request = request(9, method.clone(), &url)
        .insert_header(("content-type", kind))
        .insert_header(("content-length", body.len()))
        .set_payload(body);
    scene.call(request).await
}

fn admin() -> Agent {
    Agent {
        permission: Permission::Admin,
        ..an_agent(9)
    }
}

/// Case 48.
#[actix_web::test]
async fn every_writing_operation_checks_in_its_unit_of_work_that_the_session_has_not_ended() {
    let disabled = Agent {
        status: AgentStatus::Disabled,
        ..admin()
    };
    let deleted = Agent {
        deleted: Some(an_agent(9).created),
        ..admin()
    };
    let new_password = Agent {
        token_generation: 1,
        ..admin()
    };
    let ends = [
        (admin(), true),
        (disabled, false),
        (deleted, false),
        (new_password, false),
    ];
    let operations = writing_operations();
    assert!(operations.len() > 30, "{operations:?}");
    for operation in &operations {
        for end in &ends {
            let refused = call(operation, end.clone()).await;
            let (status, reason, _) = refused.refusal();
            assert_eq!(
                (status, &*reason),
                (401, "TOKEN_REVOKED"),
                "{operation:?}: {refused:?}"
            );
        }
    }
}

/// Case 48.
#[actix_web::test]
async fn a_demoted_administrator_changes_no_agent_no_webhook_and_no_intercept() {
    let operations = writing_operations();
    let of_admins = |(_, path): &&(Method, String)| {
        let roots = [
            "/v1.0/agents",
            "/v1.0/webhooks",
            "/v1.0/intercepts",
            "/v1.0/customer",
        ];
        roots.iter().any(|root| path.starts_with(root))
    };
    let of_admins: Vec<_> = operations.iter().filter(of_admins).collect();
    assert_eq!(of_admins.len(), 14);
    for operation in of_admins {
        let refused = call(operation, (an_agent(9), false)).await;
        let (status, reason, _) = refused.refusal();
        assert_eq!(
            (status, &*reason),
            (403, "PERMISSION_DENIED"),
            "{operation:?}"
        );
    }
}

fn sources(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
    found
}

/// Case 48: `write_as` and `write_once` check the session, a plain `write` does not.
#[test]
fn only_visitors_and_the_renewal_of_a_password_open_a_unit_of_work_without_the_check() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let opens = |path: &PathBuf| {
        let text: String = std::fs::read_to_string(path).unwrap();
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        let text: String = text.split_whitespace().collect();
        ["store.write(", "store().write(", ".execute("]
            .iter()
            .any(|call| text.contains(call))
    };
    let opening: BTreeSet<_> = sources(&src).into_iter().filter(opens).collect();
    // Visitors of a web chat have no session of an agent.
    let expected = [
        "endpoints/webchat.rs",
        "endpoints/webchat/files.rs",
        "password_renewal.rs",
    ];
    let expected = expected.map(|path| src.join(path));
    assert_eq!(opening, BTreeSet::from(expected));
}
