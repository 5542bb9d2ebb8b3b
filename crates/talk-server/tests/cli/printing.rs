//! Tests of printed settings and documents, and of closed pipes.

use talk_testkit::harness::Program;

#[test]
fn the_settings_print_as_a_commented_file() {
    let program = Program::default();
    let output = program.run(&["config"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("#bind = \"127.0.0.1:8095\""), "{text}");
    assert!(
        text.lines()
            .all(|line| line.is_empty() || line.starts_with('#'))
    );
}

#[test]
fn the_description_of_the_api_is_printed_without_a_database() {
    let program = Program::default();
    let printed = program.run(&["openapi"]).stdout;
    let committed = include_str!("../../../talk-http-actix/openapi.json");
    assert!(
        printed == committed.as_bytes(),
        "not the committed document"
    );
    assert!(program.is_empty());
}

#[test]
fn the_settings_print_as_json_with_their_names_and_defaults() {
    let program = Program::default();
    let printed = program.json(&["config"]);
    let settings = printed["settings"].as_array().unwrap();
    let bind = settings.iter().find(|setting| setting["name"] == "bind");
    let bind = bind.unwrap();
    assert_eq!(bind["default"], "127.0.0.1:8095");
    assert_eq!(
        (&bind["flag"], &bind["environment"]),
        (&"--bind".into(), &"TALK_BIND".into())
    );
}

/// RUN-05: every setting in force with its source, secrets masked.
#[test]
fn the_settings_in_force_are_checked_as_serve_would() {
    const SECRET: &str = "0123456789abcdef0123456789abcdef";
    let program = Program::default();
    let check = |environment: &[(&str, &str)]| {
        let mut command = program.command(&["config", "--check", "--queue", "7"]);
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
    assert!(program.is_empty());
}

/// Case 74: the reader of a pipe may close it early.
#[test]
fn a_closed_pipe_ends_every_printing_command_quietly() {
    let program = Program::default();
    program.agent(&program.customer(), "bob");
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
        let output = program.command(line).stdout(writer).output().unwrap();
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
    let program = Program::default();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = program
        .command(&["doctor"])
        .stderr(writer)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
}
