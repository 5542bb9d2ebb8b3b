//! The binary of the server, run in an empty directory.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use crate::{Serving, StartError};

/// The path of a binary of the workspace. Cargo builds the binaries of a package before its
/// integration tests, which lie one folder below.
fn binary(name: &str) -> PathBuf {
    let mut path = std::env::current_exe().expect("the path of the test");
    path.pop();
    if path.ends_with("deps") {
        path.pop();
    }
    path.push(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(path.exists(), "{} is not built", path.display());
    path
}

/// The server's binary in this directory, with nothing of the surroundings in its environment.
pub(super) fn command(directory: &Path) -> Command {
    let mut command = Command::new(binary("talk-server"));
    command.current_dir(directory).env_clear();
    command
}

/// A directory, empty at first, to run the binary in.
pub struct Program(TempDir);

impl Default for Program {
    fn default() -> Self {
        Self(TempDir::new().expect("a directory"))
    }
}

impl Program {
    /// The directory.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// A command of the binary.
    pub fn command(&self, line: &[&str]) -> Command {
        let mut command = command(self.path());
        command.args(line);
        command
    }

    /// Runs a command that serves, and waits until it does.
    ///
    /// # Errors
    /// See [`StartError`].
    pub fn serve(&self, command: Command) -> Result<Serving, StartError> {
        Serving::start(command, &self.path().join("log"))
    }

    /// Runs a command to its end.
    pub fn run(&self, line: &[&str]) -> Output {
        self.command(line).output().expect("it runs")
    }

    /// Runs a command with `--json` and parses its output.
    pub fn json(&self, line: &[&str]) -> Value {
        let output = self.command(line).arg("--json").output();
        let output = output.expect("it runs");
        assert!(output.status.success(), "{line:?}: {}", errors(&output));
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    /// Runs a command that must fail. Returns its one line and its exit code.
    pub fn refusal(&self, line: &[&str]) -> (String, i32) {
        refused(&self.run(line))
    }

    /// Returns whether no command has created a file.
    pub fn is_empty(&self) -> bool {
        let mut files = std::fs::read_dir(self.path()).expect("a directory");
        files.next().is_none()
    }

    /// Creates a customer. Returns its id.
    pub fn customer(&self) -> String {
        let customer = self.json(&["customer", "create", "--name", "Example"]);
        customer["id"].as_str().expect("an id").to_owned()
    }

    /// Creates an agent with the password `correct horse`.
    pub fn agent(&self, customer: &str, username: &str) -> Value {
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

fn errors(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("text")
}

/// The one line of a command that failed, and its exit code.
pub fn refused(output: &Output) -> (String, i32) {
    let all = errors(output);
    // A server that had opened its database also logs that it closed it.
    let lines: Vec<_> = all
        .lines()
        .filter(|line| !line.contains(" INFO "))
        .collect();
    let [line] = lines[..] else { panic!("{all}") };
    assert!(line.starts_with("error: "), "{all}");
    (line.to_owned(), output.status.code().expect("an exit code"))
}
