//! Runs the binary in an empty directory.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// An empty directory to run the binary in.
pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn command(&self, line: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_talk-server"));
        command.args(line).current_dir(self.path());
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(|name| name.starts_with("TALK_")) {
                command.env_remove(name);
            }
        }
        command
    }

    pub(crate) fn run(&self, line: &[&str]) -> Output {
        self.command(line).output().unwrap()
    }

    /// Runs a command with `--json` and parses its output.
    pub(crate) fn json(&self, line: &[&str]) -> Value {
        let output = self.command(line).arg("--json").output().unwrap();
        assert!(output.status.success(), "{line:?}: {}", errors(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Runs a command that must fail. Returns its one line and its exit code.
    pub(crate) fn refusal(&self, line: &[&str]) -> (String, i32) {
        refused(&self.run(line))
    }

    pub(crate) fn is_empty(&self) -> bool {
        std::fs::read_dir(self.path()).unwrap().next().is_none()
    }

    pub(crate) fn customer(&self) -> String {
        let customer = self.json(&["customer", "create", "--name", "Example"]);
        customer["id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn agent(&self, customer: &str, username: &str) -> Value {
        self.json(&[
            "agent",
            "create",
            "--customer",
            customer,
            "--username",
            username,
            "--password",
            "correct horse",
        ])
    }
}

pub(crate) fn errors(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

pub(crate) fn refused(output: &Output) -> (String, i32) {
    let all = errors(output);
    // A server that had opened its database also logs that it closed it.
    let lines: Vec<_> = all
        .lines()
        .filter(|line| !line.contains(" INFO "))
        .collect();
    let [line] = lines[..] else { panic!("{all}") };
    assert!(line.starts_with("error: "), "{all}");
    (line.to_owned(), output.status.code().unwrap())
}
