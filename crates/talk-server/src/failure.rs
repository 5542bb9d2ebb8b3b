//! Errors of commands, with their exit codes.

use std::fmt;
use std::process::ExitCode;

use crate::output::print_error;
use crate::settings::SettingsError;

/// An error that ends the program.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Wrong arguments or settings: exit code 2.
    Usage(String),
    /// The command failed: exit code 1.
    Failed(anyhow::Error),
}

impl Failure {
    /// Prints one line for the operator.
    pub(crate) fn report(&self) -> ExitCode {
        print_error(format!("error: {self}"));
        ExitCode::from(match self {
            Self::Usage(_) => 2,
            Self::Failed(_) => 1,
        })
    }
}

/// The reason in one line.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = match self {
            Self::Usage(line) => line.clone(),
            // The alternate form appends the causes: "…: unable to open database file".
            Self::Failed(error) => format!("{error:#}"),
        };
        f.write_str(&one_line(&line))
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
