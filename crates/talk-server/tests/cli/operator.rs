//! Customers, agents and access keys.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::Value;

use crate::place::{Place, refused};

#[test]
fn a_customer_and_its_agents_are_created_and_listed() {
    let place = Place::new();
    let customer = place.customer();
    let alice = place.agent(&customer, "alice");
    assert_eq!(
        (alice["permission"].as_u64(), alice["status"].as_str()),
        (Some(16), Some("active"))
    );
    place.agent(&customer, "bob");
    let agents = place.json(&["agent", "list", "--customer", &customer]);
    let names: Vec<_> = agents
        .as_array()
        .unwrap()
        .iter()
        .map(|agent| &agent["username"])
        .collect();
    assert_eq!(names, ["alice", "bob"]);
    assert_eq!(
        place.json(&["customer", "list"])[0]["id"],
        customer.as_str()
    );
    let text = place
        .run(&["agent", "list", "--customer", &customer])
        .stdout;
    assert_eq!(String::from_utf8(text).unwrap().lines().count(), 2);
}

#[test]
fn ids_and_permissions_can_be_chosen() {
    let place = Place::new();
    let (customer, agent) = (
        "5e4a0680-804e-11ec-8477-2fea5968d85b",
        "cc6a05eb-33a4-444b-bf8a-359de7d95499",
    );
    place.json(&["customer", "create", "--name", "Old", "--id", customer]);
    let again = place.refusal(&["customer", "create", "--name", "Old", "--id", customer]);
    assert!(again.0.contains("exists") && again.1 == 1, "{again:?}");
    let created = place.json(&[
        "agent",
        "create",
        "--customer",
        customer,
        "--id",
        agent,
        "--username",
        "root",
        "--password",
        "correct horse",
        "--permission",
        "manager",
        "--name",
        "Root",
    ]);
    let shown = (&created["id"], &created["permission"], &created["name"]);
    assert_eq!(shown, (&agent.into(), &64.into(), &"Root".into()));
}

#[test]
fn an_agent_is_disabled_and_gets_another_password() {
    let place = Place::new();
    let customer = place.customer();
    let bob = place.agent(&customer, "bob");
    let mut command = place.command(&["agent", "password", "bob", "--password-stdin", "--json"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(b"another horse\n")
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let changed: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(changed["tm_update"].as_str() > bob["tm_update"].as_str());
    let id = bob["id"].as_str().unwrap();
    assert_eq!(place.json(&["agent", "disable", id])["status"], "disabled");
    assert_eq!(place.json(&["agent", "enable", id])["status"], "active");
    assert_eq!(place.json(&["agent", "disable", id])["status"], "disabled");
}

#[test]
fn an_access_key_is_shown_once_and_revoked() {
    let place = Place::new();
    let customer = place.customer();
    place.agent(&customer, "bob");
    let key = place.json(&["accesskey", "create", "--agent", "bob", "--name", "ci"]);
    let (id, token) = (key["id"].as_str().unwrap(), key["token"].as_str().unwrap());
    assert!(token.starts_with("vb_") && token.starts_with(key["token_prefix"].as_str().unwrap()));
    let revoked = place.json(&["accesskey", "revoke", id]);
    assert_ne!(revoked["tm_delete"], "");
    assert_eq!(revoked["token"], Value::Null);
    assert_eq!(place.refusal(&["accesskey", "revoke", id]).1, 1);
}

#[test]
fn what_is_not_there_is_refused_in_one_line() {
    let place = Place::new();
    let customer = place.customer();
    let nobody = "5e4a0680-804e-11ec-8477-2fea5968d85b";
    let create = |customer: &str, username: &str, password: &str| {
        let line = [
            "agent",
            "create",
            "--customer",
            customer,
            "--username",
            username,
        ];
        place.refusal(&[&line[..], &["--password", password]].concat())
    };
    place.agent(&customer, "bob");
    for ((line, code), (reason, expected)) in [
        (
            create(nobody, "eve", "correct horse"),
            ("there is no customer", 1),
        ),
        (
            create(&customer, "bob", "correct horse"),
            ("this username is taken", 1),
        ),
        (
            create(&customer, "eve", "short"),
            ("password: must have 8 to 128", 2),
        ),
        (
            create(&customer, "e v e", "correct horse"),
            ("username: must not contain", 2),
        ),
        (
            place.refusal(&["agent", "disable", "eve"]),
            ("there is no agent eve", 1),
        ),
        (
            place.refusal(&["agent", "list", "--customer", nobody]),
            ("there is no customer", 1),
        ),
        (
            place.refusal(&["accesskey", "create", "--agent", "eve"]),
            ("there is no agent", 1),
        ),
        (
            place.refusal(&["customer", "create", "--name", " "]),
            ("name: must not be empty", 2),
        ),
    ] {
        assert!(line.contains(reason) && code == expected, "{code} {line}");
        assert!(!line.contains("horse"), "{line}");
    }
}

#[test]
fn the_database_is_brought_up_to_date_once() {
    let place = Place::new();
    assert_ne!(
        place.json(&["migrate"])["applied"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
    assert_eq!(
        place.json(&["migrate"])["applied"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
    let nothing = place.run(&["migrate"]);
    assert!(
        String::from_utf8(nothing.stdout)
            .unwrap()
            .contains("up to date")
    );
}

#[test]
fn the_doctor_says_what_it_checked() {
    let place = Place::new();
    let customer = place.customer();
    place.agent(&customer, "bob");
    let report = place.json(&["doctor"]);
    assert_eq!(
        (&report["customers"], &report["agents"]),
        (&1.into(), &1.into())
    );
    assert_eq!(report["problems"].as_array().unwrap().len(), 0);
    let text = String::from_utf8(place.run(&["doctor"]).stdout).unwrap();
    assert!(
        text.contains("1 customers, 1 agents, 0 chats") && text.contains("every table"),
        "{text}"
    );
}

#[test]
fn the_settings_print_as_a_commented_file() {
    let place = Place::new();
    let output = place.run(&["config"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("#bind = \"127.0.0.1:8095\""), "{text}");
    assert!(
        text.lines()
            .all(|line| line.is_empty() || line.starts_with('#'))
    );
}

#[test]
fn the_description_of_the_api_is_printed_without_a_database() {
    let place = Place::new();
    let printed = place.run(&["openapi"]).stdout;
    let committed = include_str!("../../../talk-http-actix/openapi.json");
    assert!(
        printed == committed.as_bytes(),
        "not the committed document"
    );
    assert!(place.is_empty());
}

#[test]
fn the_settings_print_as_json_with_their_names_and_defaults() {
    let place = Place::new();
    let printed = place.json(&["config"]);
    let settings = printed["settings"].as_array().unwrap();
    let bind = settings.iter().find(|setting| setting["name"] == "bind");
    let bind = bind.unwrap();
    assert_eq!(bind["default"], "127.0.0.1:8095");
    assert_eq!(
        (&bind["flag"], &bind["environment"]),
        (&"--bind".into(), &"TALK_BIND".into())
    );
}

/// SPEC 8: what is in force, where each value comes from, secrets masked.
#[test]
fn the_settings_in_force_are_checked_as_serve_would() {
    const SECRET: &str = "0123456789abcdef0123456789abcdef";
    let place = Place::new();
    let check = |environment: &[(&str, &str)]| {
        let mut command = place.command(&["config", "--check", "--queue", "7"]);
        let output = command.envs(environment.iter().copied()).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        (output.status.code(), text, errors)
    };
    let (code, text, errors) = check(&[("TALK_JWT_SECRET", SECRET), ("TALK_READERS", "3")]);
    assert_eq!((code, &*errors), (Some(0), ""), "{text}");
    for line in [
        "queue = 7 (--queue)",
        "readers = 3 (TALK_READERS)",
        "bind = \"127.0.0.1:8095\" (default)",
        "jwt_secret = \"********\" (TALK_JWT_SECRET)",
        "issuer_algorithm is not set",
    ] {
        assert!(text.lines().any(|found| found == line), "no {line}: {text}");
    }
    for (environment, reason) in [
        (vec![], "jwt_secret: is missing"),
        (vec![("TALK_READERS", "0")], "TALK_READERS: "),
        (vec![("TALK_BNID", "x")], "TALK_BNID: unknown setting"),
        (
            vec![
                ("TALK_JWT_SECRET", SECRET),
                ("TALK_DATABASE_URL", "oracle:u:hunter2@db"),
            ],
            "database_url: ",
        ),
        (
            vec![
                ("TALK_JWT_SECRET", SECRET),
                ("TALK_ISSUER_ALGORITHM", "RS256"),
                ("TALK_ISSUER_KEY_FILE", "/nowhere"),
            ],
            "issuer_key_file: ",
        ),
        (
            vec![
                ("TALK_JWT_SECRET", SECRET),
                ("TALK_BOOTSTRAP_USERNAME", "root"),
                ("TALK_BOOTSTRAP_PASSWORD", "short"),
            ],
            "bootstrap_password",
        ),
    ] {
        let (code, text, errors) = check(&environment);
        assert_eq!(code, Some(1), "{errors}");
        assert!(errors.contains(reason), "{errors}");
        for secret in [SECRET, "hunter2", "short"] {
            assert!(
                !text.contains(secret) && !errors.contains(secret),
                "{text}{errors}"
            );
        }
    }
    assert!(place.is_empty());
}

/// Case 74: the reader of a pipe may have read enough.
#[test]
fn a_closed_pipe_ends_every_printing_command_quietly() {
    let place = Place::new();
    place.agent(&place.customer(), "bob");
    for line in [
        &["config"][..],
        &["config", "--json"],
        &["openapi"],
        &["migrate"],
        &["customer", "list"],
        &["doctor"],
        &["--help"],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = place.command(line).stdout(writer).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{line:?}");
        assert!(
            output.stderr.is_empty(),
            "{line:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

#[test]
fn a_refusal_with_a_closed_error_output_keeps_its_exit_code() {
    let place = Place::new();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = place.command(&["doctor"]).stderr(writer).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}

/// SPEC 8: what cannot be undone is confirmed, and what is asked for is named.
#[test]
fn nothing_is_erased_without_a_confirmation() {
    let place = Place::new();
    let customer = place.customer();
    let bob = place.agent(&customer, "bob");
    let id = bob["id"].as_str().unwrap();
    let nobody = "5e4a0680-804e-11ec-8477-2fea5968d85b";
    for (line, reason, expected) in [
        (
            vec!["agent", "erase", "bob"],
            "would erase the agent bob",
            2,
        ),
        (
            vec!["customer", "delete", &customer],
            "would delete the customer Example",
            2,
        ),
        (
            vec!["agent", "erase", "eve", "--yes"],
            "there is no agent eve",
            1,
        ),
        (
            vec!["customer", "delete", nobody, "--yes"],
            "there is no such customer",
            1,
        ),
    ] {
        let (refusal, code) = place.refusal(&line);
        assert!(
            refusal.contains(reason) && code == expected,
            "{line:?}: {refusal}"
        );
    }
    let erased = place.json(&["agent", "erase", id, "--yes"]);
    let username = erased["username"].as_str().unwrap();
    assert!(username.starts_with("erased-") && erased["status"] == "disabled");
    assert_eq!(
        place.json(&["agent", "list", "--customer", &customer]),
        Value::Array(vec![])
    );
    // Once more, by its id, which is all that is left of it.
    place.json(&["agent", "erase", id, "--yes"]);
    place.agent(&customer, "bob");
    let deleted = place.json(&["customer", "delete", &customer, "--yes"]);
    assert_eq!(deleted["id"], customer.as_str());
    assert_eq!(place.json(&["customer", "list"]), Value::Array(vec![]));
    place.json(&["doctor"]);
}

/// Case 56.
#[test]
fn the_last_administrator_is_erased_only_when_that_is_meant() {
    let place = Place::new();
    let customer = place.customer();
    let line = [
        "agent",
        "create",
        "--customer",
        &customer,
        "--username",
        "root",
    ];
    let rest = ["--password", "correct horse", "--permission", "admin"];
    place.json(&[&line[..], &rest[..]].concat());
    let (refusal, code) = place.refusal(&["agent", "erase", "root", "--yes"]);
    assert!(
        refusal.contains("the last active admin") && code == 1,
        "{refusal}"
    );
    place.json(&["agent", "erase", "root", "--yes", "--force"]);
}

/// SPEC 8.
#[test]
fn a_vacuum_says_how_much_it_gave_back() {
    let place = Place::new();
    assert!(
        place
            .refusal(&["vacuum"])
            .0
            .contains("there is no such database")
    );
    place.customer();
    let vacuumed = place.json(&["vacuum"]);
    let [before, after, given_back] =
        ["before", "after", "given_back"].map(|figure| vacuumed[figure].as_u64().unwrap());
    assert!(
        before >= after && after > 0 && given_back == before - after,
        "{vacuumed}"
    );
    place.json(&["doctor"]);
    assert_eq!(
        place.json(&["customer", "list"]).as_array().unwrap().len(),
        1
    );
}

/// Case 60: what a command writes is in the database that comes after it, or the command is refused.
#[test]
fn a_restore_or_vacuum_beside_a_command_is_refused() {
    let place = Place::new();
    let customer = place.customer();
    place.json(&["backup", "backup"]);
    let create = ["agent", "create", "--customer", &customer];
    let mut command =
        place.command(&[&create[..], &["--username", "late", "--password-stdin"]].concat());
    command.stdin(Stdio::piped()).stdout(Stdio::null());
    let mut command = command.spawn().unwrap();
    // It waits for the password with the database open.
    let vacuumed = (0..100).find_map(|_| {
        let vacuumed = place.run(&["vacuum"]);
        (!vacuumed.status.success()).then(|| refused(&vacuumed))
    });
    let (vacuumed, _) = vacuumed.expect("a refusal");
    assert!(vacuumed.contains("another command"), "{vacuumed}");
    let (restored, _) = place.refusal(&["restore", "backup", "--replace"]);
    assert!(restored.contains("another command"), "{restored}");
    // Other commands go on beside it.
    place.json(&["agent", "list", "--customer", &customer]);
    let mut password = command.stdin.take().unwrap();
    password.write_all(b"correct horse\n").unwrap();
    drop(password);
    assert!(command.wait().unwrap().success());
    let agents = place.json(&["agent", "list", "--customer", &customer]);
    assert_eq!(agents[0]["username"], "late", "{agents}");
    place.json(&["vacuum"]);
    place.json(&["restore", "backup", "--replace"]);
}
