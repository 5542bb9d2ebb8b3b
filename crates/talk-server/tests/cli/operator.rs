//! Customers, agents and access keys.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::Value;

use talk_testkit::harness::Program;

/// RUN-05.
#[test]
fn a_customer_and_its_agents_are_created_and_listed() {
    let program = Program::default();
    let customer = program.customer();
    let alice = program.agent(&customer, "alice");
    assert_eq!(
        (alice["permission"].as_u64(), alice["status"].as_str()),
        (Some(16), Some("active"))
    );
    program.agent(&customer, "bob");
    let agents = program.json(&["agent", "list", "--customer", &customer]);
    let names: Vec<_> = agents
        .as_array()
        .unwrap()
        .iter()
        .map(|agent| &agent["username"])
        .collect();
    assert_eq!(names, ["alice", "bob"]);
    assert_eq!(
        program.json(&["customer", "list"])[0]["id"],
        customer.as_str()
    );
    let text = program
        .run(&["agent", "list", "--customer", &customer])
        .stdout;
    assert_eq!(String::from_utf8(text).unwrap().lines().count(), 2);
}

#[test]
fn ids_and_permissions_can_be_chosen() {
    let program = Program::default();
    let (customer, agent) = (
        "5e4a0680-804e-11ec-8477-2fea5968d85b",
        "cc6a05eb-33a4-444b-bf8a-359de7d95499",
    );
    program.json(&["customer", "create", "--name", "Old", "--id", customer]);
    let again = program.refusal(&["customer", "create", "--name", "Old", "--id", customer]);
    assert!(again.0.contains("exists") && again.1 == 1, "{again:?}");
    let created = program.json(&[
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
    let program = Program::default();
    let customer = program.customer();
    let bob = program.agent(&customer, "bob");
    let mut command = program.command(&["agent", "password", "bob", "--password-stdin", "--json"]);
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
    assert_eq!(
        program.json(&["agent", "disable", id])["status"],
        "disabled"
    );
    assert_eq!(program.json(&["agent", "enable", id])["status"], "active");
    assert_eq!(
        program.json(&["agent", "disable", id])["status"],
        "disabled"
    );
}

/// RUN-05.
#[test]
fn an_access_key_is_shown_once_and_revoked() {
    let program = Program::default();
    let customer = program.customer();
    program.agent(&customer, "bob");
    let key = program.json(&["accesskey", "create", "--agent", "bob", "--name", "ci"]);
    let (id, token) = (key["id"].as_str().unwrap(), key["token"].as_str().unwrap());
    assert!(token.starts_with("vb_") && token.starts_with(key["token_prefix"].as_str().unwrap()));
    let revoked = program.json(&["accesskey", "revoke", id]);
    assert_ne!(revoked["tm_delete"], "");
    assert_eq!(revoked["token"], Value::Null);
    assert_eq!(program.refusal(&["accesskey", "revoke", id]).1, 1);
}

#[test]
fn what_is_not_there_is_refused_in_one_line() {
    let program = Program::default();
    let customer = program.customer();
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
        program.refusal(&[&line[..], &["--password", password]].concat())
    };
    program.agent(&customer, "bob");
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
            program.refusal(&["agent", "disable", "eve"]),
            ("there is no agent eve", 1),
        ),
        (
            program.refusal(&["agent", "list", "--customer", nobody]),
            ("there is no customer", 1),
        ),
        (
            program.refusal(&["accesskey", "create", "--agent", "eve"]),
            ("there is no agent", 1),
        ),
        (
            program.refusal(&["customer", "create", "--name", " "]),
            ("name: must not be empty", 2),
        ),
    ] {
        assert!(line.contains(reason) && code == expected, "{code} {line}");
        assert!(!line.contains("horse"), "{line}");
    }
}

#[test]
fn the_database_is_brought_up_to_date_once() {
    let program = Program::default();
    assert_ne!(
        program.json(&["migrate"])["applied"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
    assert_eq!(
        program.json(&["migrate"])["applied"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
    let nothing = program.run(&["migrate"]);
    assert!(
        String::from_utf8(nothing.stdout)
            .unwrap()
            .contains("up to date")
    );
}

/// RUN-05.
#[test]
fn the_doctor_says_what_it_checked() {
    let program = Program::default();
    let customer = program.customer();
    program.agent(&customer, "bob");
    let report = program.json(&["doctor"]);
    assert_eq!(
        (&report["customers"], &report["agents"]),
        (&1.into(), &1.into())
    );
    assert_eq!(report["problems"].as_array().unwrap().len(), 0);
    let text = String::from_utf8(program.run(&["doctor"]).stdout).unwrap();
    assert!(
        text.contains("1 customers, 1 agents, 0 chats") && text.contains("every table"),
        "{text}"
    );
}
