//! How the program ends when it cannot do what it was asked to.

use std::process::ExitCode;

use crate::settings::SettingsError;

/// Why the program ends.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It was asked wrongly: exit code 2.
    Usage(String),
    /// It failed: exit code 1.
    Failed(anyhow::Error),
}

impl Failure {
    /// Prints one line for the operator.
    pub(crate) fn report(&self) -> ExitCode {
        let (line, code) = match self {
            Self::Usage(line) => (line.clone(), 2),
            // With its causes: "…: unable to open database file".
            Self::Failed(error) => (format!("{error:#}"), 1),
        };
        eprintln!("error: {}", one_line(&line));
        ExitCode::from(code)
    }
}

fn one_line(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().collect();
    words.join(" ")
}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Failed(error.into())
    }
}
