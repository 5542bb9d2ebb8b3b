//! Tests of commands that cannot be undone or that replace the database file.

use std::io::Write as _;
use std::process::{Child, Stdio};

use serde_json::Value;

use talk_testkit::harness::{Program, refused};

/// RUN-05: the confirmation names what is erased.
#[test]
fn nothing_is_erased_without_a_confirmation() {
    let program = Program::default();
    let customer = program.customer();
    let bob = program.agent(&customer, "bob");
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
        let (refusal, code) = program.refusal(&line);
        assert!(
            refusal.contains(reason) && code == expected,
            "{line:?}: {refusal}"
        );
    }
    let erased = program.json(&["agent", "erase", id, "--yes"]);
    let username = erased["username"].as_str().unwrap();
    assert!(username.starts_with("erased-") && erased["status"] == "disabled");
    assert_eq!(
        program.json(&["agent", "list", "--customer", &customer]),
        Value::Array(vec![])
    );
    // Again, by its id, since its username is erased.
    program.json(&["agent", "erase", id, "--yes"]);
    program.agent(&customer, "bob");
    let deleted = program.json(&["customer", "delete", &customer, "--yes"]);
    assert_eq!(deleted["id"], customer.as_str());
    assert_eq!(program.json(&["customer", "list"]), Value::Array(vec![]));
    program.json(&["doctor"]);
}

/// Case 56.
#[test]
fn the_last_administrator_is_erased_only_when_that_is_meant() {
    let program = Program::default();
    let customer = program.customer();
    let line = [
        "agent",
        "create",
        "--customer",
        &customer,
        "--username",
        "root",
    ];
    let rest = ["--password", "correct horse", "--permission", "admin"];
    program.json(&[&line[..], &rest[..]].concat());
    let (refusal, code) = program.refusal(&["agent", "erase", "root", "--yes"]);
    assert!(
        refusal.contains("the last active admin") && code == 1,
        "{refusal}"
    );
    program.json(&["agent", "erase", "root", "--yes", "--force"]);
}

/// RUN-21.
#[test]
fn a_vacuum_says_how_much_it_gave_back() {
    let program = Program::default();
    assert!(
        program
            .refusal(&["vacuum"])
            .0
            .contains("there is no such database")
    );
    program.customer();
    let vacuumed = program.json(&["vacuum"]);
    let [before, after, given_back] =
        ["before", "after", "given_back"].map(|figure| vacuumed[figure].as_u64().unwrap());
    assert!(
        before >= after && after > 0 && given_back == before - after,
        "{vacuumed}"
    );
    program.json(&["doctor"]);
    assert_eq!(
        program
            .json(&["customer", "list"])
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

/// Starts a command that waits for a password with the database open, and runs vacuums until one is
/// refused. Returns the command and the refusal, or `None` if a vacuum ran first and the command
/// was refused.
fn vacuum_beside(program: &Program, customer: &str) -> Option<(Child, String)> {
    let create = ["agent", "create", "--customer", customer];
    let mut command =
        program.command(&[&create[..], &["--username", "late", "--password-stdin"]].concat());
    command.stdin(Stdio::piped()).stdout(Stdio::null());
    let mut command = command.stderr(Stdio::null()).spawn().unwrap();
    loop {
        let vacuumed = program.run(&["vacuum"]);
        if !vacuumed.status.success() {
            return Some((command, refused(&vacuumed).0));
        }
        if command.try_wait().unwrap().is_some() {
            return None;
        }
    }
}

/// Case 60: a command's writes are in the restored or vacuumed database, or the command is refused.
#[test]
fn a_restore_or_vacuum_beside_a_command_is_refused() {
    let program = Program::default();
    let customer = program.customer();
    program.json(&["backup", "backup"]);
    let (mut command, vacuumed) = std::iter::repeat_with(|| vacuum_beside(&program, &customer))
        .flatten()
        .next()
        .unwrap();
    assert!(vacuumed.contains("another command"), "{vacuumed}");
    let (restored, _) = program.refusal(&["restore", "backup", "--replace"]);
    assert!(restored.contains("another command"), "{restored}");
    // Other commands still run.
    program.json(&["agent", "list", "--customer", &customer]);
    let mut password = command.stdin.take().unwrap();
    password.write_all(b"correct horse\n").unwrap();
    drop(password);
    assert!(command.wait().unwrap().success());
    let agents = program.json(&["agent", "list", "--customer", &customer]);
    assert_eq!(agents[0]["username"], "late", "{agents}");
    program.json(&["vacuum"]);
    program.json(&["restore", "backup", "--replace"]);
}
