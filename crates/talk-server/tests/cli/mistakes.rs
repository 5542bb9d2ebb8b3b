//! Tests of settings that stop the start.

use talk_testkit::harness::{Program, refused};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// RUN-07: the name and the reason, before anything is created.
#[test]
fn a_mistake_stops_the_start_and_creates_nothing() {
    let program = Program::default();
    for (line, reason) in [
        (vec!["dev", "--bnid", "127.0.0.1:0"], "--bnid"),
        (vec!["dev", "--bind", "nowhere"], "--bind: "),
        (
            vec!["dev", "--bind", "0.0.0.0:0"],
            "bind: `dev` serves on loopback only",
        ),
        (
            vec!["--admin-bind", "[::]:0", "dev"],
            "admin_bind: `dev` serves on loopback only",
        ),
        (
            vec!["dev", "--database-url", "oracle:talk"],
            "database_url: unknown kind",
        ),
        (
            vec!["serve", "--database-url", "postgres://u:hunter2@db/talk"],
            "database_url: ",
        ),
        (vec!["serve"], "jwt_secret: is missing"),
        (
            vec!["serve", "--jwt-secret", "short"],
            "jwt_secret: has 5 bytes",
        ),
        (
            vec!["serve", "--config", "nowhere.toml"],
            "nowhere.toml: cannot be read",
        ),
        (vec!["doctor"], "there is no such database"),
        (
            vec!["customer", "list", "--database-url", "sqlite:typo.db"],
            "no such database",
        ),
        (vec!["agent"], "a subcommand is missing"),
    ] {
        let (refusal, code) = program.refusal(&line);
        assert!(refusal.contains(reason), "{line:?}: {refusal}");
        assert!(!refusal.contains("hunter2"), "{refusal}");
        assert_eq!(code, 2, "{refusal}");
        assert!(program.is_empty(), "{line:?}");
    }
}

#[test]
fn an_unknown_name_in_the_environment_or_the_file_stops_the_start() {
    let program = Program::default();
    let output = program
        .command(&["serve"])
        .env("TALK_BNID", "x")
        .output()
        .unwrap();
    let (line, code) = refused(&output);
    assert!(
        line.contains("TALK_BNID: unknown setting") && code == 2,
        "{line}"
    );
    assert!(program.is_empty());
    std::fs::create_dir(program.path().join("config")).unwrap();
    std::fs::write(program.path().join("config/talk.toml"), "bnid = 1\n").unwrap();
    let (line, code) = program.refusal(&["serve"]);
    assert!(
        line.contains("bnid in config/talk.toml: unknown setting") && code == 2,
        "{line}"
    );
}

/// RUN-03.
#[test]
fn serve_on_an_empty_database_says_how_to_begin() {
    let program = Program::default();
    let serve = [
        "serve",
        "--jwt-secret",
        SECRET,
        "--bind",
        "127.0.0.1:0",
        "--admin-bind",
        "",
    ];
    let (line, code) = program.refusal(&serve);
    assert!(
        line.contains("TALK_BOOTSTRAP_USERNAME") && line.contains("customer create"),
        "{line}"
    );
    assert_eq!(code, 2);
    assert!(program.is_empty());
    program.json(&["migrate"]);
    assert!(program.refusal(&serve).0.contains("the database is empty"));
}

/// API-18: the configured limits hold for the first admin too.
#[test]
fn a_first_admin_with_a_name_over_the_limit_stops_the_start() {
    let program = Program::default();
    let mut command = program.command(&["serve", "--bind", "127.0.0.1:0", "--admin-bind", ""]);
    command
        .env("TALK_JWT_SECRET", SECRET)
        .env("TALK_BOOTSTRAP_USERNAME", "root")
        .env("TALK_BOOTSTRAP_PASSWORD", "correct horse")
        .env("TALK_MAX_NAME", "3");
    let (line, code) = refused(&command.output().unwrap());
    assert!(
        line.contains("bootstrap_username: ") && line.contains('3'),
        "{line}"
    );
    assert_eq!(code, 2);
    assert!(program.is_empty());
}
