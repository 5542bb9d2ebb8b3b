//! The command line: subcommands, and a flag for every setting before or after them.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Arg, ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use secrecy::SecretString;
use talk_domain::kernel::context::Permission;
use uuid::Uuid;

use crate::failure::Failure;
use crate::settings::{Given, flags};

/// A self-hosted messaging server.
#[derive(Debug, Parser)]
#[command(name = "talk-server", version)]
pub(crate) struct Line {
    /// The subcommand.
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Prints JSON, for programs.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// The file with settings, instead of config/talk.toml.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serves a demo on loopback: migrates the database, creates three agents and prints commands
    /// to paste.
    Dev,
    /// Serves the API; migrates the database first.
    Serve,
    /// Migrates the database to this version, and ends.
    Migrate,
    /// Creates, lists and deletes customers.
    #[command(subcommand)]
    Customer(CustomerCommand),
    /// Creates, lists, changes and erases agents.
    #[command(subcommand)]
    Agent(AgentCommand),
    /// Creates, lists and revokes access keys.
    #[command(subcommand)]
    Accesskey(AccessKeyCommand),
    /// Lists, shows, disables, enables and replays the webhooks of a customer.
    Webhook {
        /// The customer's id.
        #[arg(long)]
        customer: Uuid,
        #[command(subcommand)]
        command: WebhookCommand,
    },
    /// Lists and forgets consumers of the event log.
    #[command(subcommand)]
    Consumer(ConsumerCommand),
    /// Prints every setting with its default and meaning, as a configuration file.
    Config {
        /// Prints the settings in force and where each comes from, and checks that `serve` would
        /// start with them; exit code 1 with the reason if not.
        #[arg(long)]
        check: bool,
    },
    /// Prints the OpenAPI document.
    Openapi,
    /// Checks the consistency of the stored data, and prints each check with its result.
    Doctor,
    /// Copies the database into a new file, also while the server runs, and checks the copy. Files in
    /// a local directory are copied into a directory beside it, whose name ends in `.files`.
    Backup {
        /// The new file.
        file: PathBuf,
    },
    /// Rewrites the database without its free pages, and prints how many bytes that freed; the
    /// server must not run. A database that this version created returns free pages while it is
    /// served.
    Vacuum,
    /// Replaces the database by a backup; the server must not run. Clients that resume get resets,
    /// and must read their chats again.
    Restore(RestoreCommand),
    /// Checks that the server at the configured address is ready; exit code 1 if not.
    Healthcheck,
}

/// A backup that is to be restored.
#[derive(Debug, Args)]
pub(crate) struct RestoreCommand {
    /// The backup.
    pub(crate) file: PathBuf,
    /// Keeps the current database and the current files, renamed with the time.
    #[arg(long)]
    pub(crate) replace: bool,
    /// Restores even if bytes of files are missing in the backup.
    #[arg(long)]
    pub(crate) without_files: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CustomerCommand {
    /// Creates a customer.
    Create {
        /// Display name.
        #[arg(long)]
        name: String,
        /// Its id, instead of a new one.
        #[arg(long)]
        id: Option<Uuid>,
    },
    /// Lists all customers, oldest first.
    List,
    /// Deletes a customer with everything it has: agents, keys, chats, messages. None of its agents
    /// can log in from then on. A running server removes the data in the background, and this
    /// command waits for the end.
    Delete {
        /// The customer's id.
        id: Uuid,
        /// Confirms the deletion: only a backup can restore the data.
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConsumerCommand {
    /// Lists the consumers, with the number of events that each has not taken yet.
    List,
    /// Forgets a consumer that no longer exists, so that retention keeps no events for it. A consumer
    /// of a running server registers again with the next events it takes.
    Forget {
        /// The consumer's name.
        name: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum WebhookCommand {
    /// Lists the webhooks, oldest first.
    List,
    /// Shows a webhook with its newest deliveries.
    Show {
        /// The webhook's id.
        id: Uuid,
    },
    /// Disables a webhook: nothing is sent to it.
    Disable {
        /// The webhook's id.
        id: Uuid,
    },
    /// Enables a webhook. Deliveries that wait are sent.
    Enable {
        /// The webhook's id.
        id: Uuid,
    },
    /// Sends dead deliveries again, the oldest first, up to 1,000.
    Replay {
        /// The webhook's id.
        id: Uuid,
        /// Also the delivered ones.
        #[arg(long)]
        delivered: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum AgentCommand {
    /// Creates an agent.
    Create(CreateAgent),
    /// Lists the agents of a customer, oldest first.
    List {
        /// The customer's id.
        #[arg(long)]
        customer: Uuid,
    },
    /// Disables an agent: its tokens, keys and sockets end.
    Disable {
        /// Username or id.
        agent: String,
        /// Also the last active admin or manager of its customer.
        #[arg(long)]
        force: bool,
    },
    /// Lets a disabled agent log in again; what ended with its disabling stays ended.
    Enable {
        /// Username or id.
        agent: String,
    },
    /// Erases an agent for good: its names, password, keys, memberships and the texts of all its
    /// messages. Threads keep their shape. A running server erases in the background, and this
    /// command waits for the end.
    Erase {
        /// Username or id; also of a deleted agent.
        agent: String,
        /// Confirms the erasure: only a backup can restore the data.
        #[arg(long)]
        yes: bool,
        /// Also the last active admin or manager of its customer.
        #[arg(long)]
        force: bool,
    },
    /// Forgets failed logins of an agent, so that the next one need not wait.
    Unlock {
        /// Username or id.
        agent: String,
    },
    /// Gives an agent another password and ends its tokens.
    Password {
        /// Username or id.
        agent: String,
        #[command(flatten)]
        password: Password,
    },
}

#[derive(Debug, Args)]
pub(crate) struct CreateAgent {
    /// The customer's id.
    #[arg(long)]
    pub(crate) customer: Uuid,
    /// Login name; unique over the installation.
    #[arg(long)]
    pub(crate) username: String,
    #[command(flatten)]
    pub(crate) password: Password,
    /// Permission.
    #[arg(long, value_enum, default_value_t = Role::Agent)]
    pub(crate) permission: Role,
    /// Display name.
    #[arg(long, default_value = "")]
    pub(crate) name: String,
    /// The agent's id, instead of a new one.
    #[arg(long)]
    pub(crate) id: Option<Uuid>,
}

/// A password: on the command line, where other users may read it, or on standard input.
#[derive(Debug, Args)]
#[group(id = "secret", required = true, multiple = false)]
pub(crate) struct Password {
    /// The password; other users of this machine may see it.
    #[arg(long)]
    pub(crate) password: Option<SecretString>,
    /// Reads the password from the first line of the input.
    #[arg(long)]
    pub(crate) password_stdin: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AccessKeyCommand {
    /// Creates an access key and prints it, once.
    Create {
        /// Username or id of the agent it acts as.
        #[arg(long)]
        agent: String,
        /// Display name.
        #[arg(long, default_value = "")]
        name: String,
        /// Seconds until it ends; without, it never does.
        #[arg(long, value_name = "SECONDS")]
        expire: Option<u32>,
    },
    /// Lists access keys, oldest first: id, username, first characters, `random` or `derived` (made
    /// by an older version: replace it), end, name.
    List {
        /// Username or id of one agent, instead of all.
        #[arg(long)]
        agent: Option<String>,
    },
    /// Ends an access key.
    Revoke {
        /// The key's id.
        id: Uuid,
    },
}

/// The permission of an agent, by name.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Role {
    /// Chat.
    Agent,
    /// Administer the customer's agents.
    Admin,
    /// Manage the customer.
    Manager,
}

impl From<Role> for Permission {
    fn from(role: Role) -> Self {
        match role {
            Role::Agent => Self::Agent,
            Role::Admin => Self::Admin,
            Role::Manager => Self::Manager,
        }
    }
}

/// Parses the command line into a subcommand and the given settings.
///
/// # Errors
/// If the command line is not valid.
pub(crate) fn parse(line: impl Iterator<Item = OsString>) -> Result<(Line, Given), Failure> {
    let matches = match command().try_get_matches_from(line) {
        Ok(matches) => matches,
        Err(error) => return Err(refuse(&error)),
    };
    let line = Line::from_arg_matches(&matches).map_err(|error| refuse(&error))?;
    let given = Given {
        file: line.config.clone(),
        flags: given(&matches),
        environment: std::env::vars_os().collect(),
    };
    Ok((line, given))
}

/// The subcommands, and a flag for every setting.
fn command() -> clap::Command {
    let settings = flags().into_iter().map(|flag| {
        Arg::new(argument(&flag.name))
            .long(flag.name.replace('_', "-"))
            .value_name("VALUE")
            .help(flag.help)
            .help_heading("Settings")
            .hide_short_help(true)
            .allow_hyphen_values(true)
            .global(true)
    });
    Line::command().args(settings)
}

/// Prefixes the arguments of settings, so that they differ from those of commands, such as
/// `--name`.
fn argument(setting: &str) -> String {
    format!("setting {setting}")
}

fn given(matches: &ArgMatches) -> Vec<(String, String)> {
    let values = flags().into_iter().filter_map(|flag| {
        let value = matches.get_one::<String>(&argument(&flag.name))?;
        Some((flag.name, value.clone()))
    });
    values.collect()
}

/// Converts an error of clap: help and version are printed in full, other errors as one line.
fn refuse(error: &clap::Error) -> Failure {
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    ) {
        error.exit();
    }
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return Failure::Usage("a subcommand is missing; --help lists them".to_owned());
    }
    let text = error.to_string();
    // The first paragraph says what is wrong; tips and usage follow.
    let reason = text.split("\n\n").next().unwrap_or(&text);
    let reason = reason.strip_prefix("error: ").unwrap_or(reason);
    Failure::Usage(reason.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &[&str]) -> Result<(Line, Given), Failure> {
        let line = std::iter::once(&"talk-server").chain(line);
        parse(line.map(OsString::from))
    }

    #[test]
    fn the_subcommands_and_settings_fit_together() {
        command().debug_assert();
    }

    #[test]
    fn settings_are_given_before_and_after_the_subcommand() {
        for line in [
            ["--queue", "7", "customer", "list"],
            ["customer", "--queue=7", "list", "--json"],
            ["customer", "list", "--queue", "7"],
        ] {
            let (_, given) = parsed(&line).unwrap();
            assert_eq!(
                given.flags,
                [("queue".to_owned(), "7".to_owned())],
                "{line:?}"
            );
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused_in_one_line() {
        for (line, reason) in [
            (vec!["serve", "--bnid", "x"], "unexpected argument '--bnid'"),
            (vec!["srve"], "unrecognized subcommand 'srve'"),
            (vec![], "a subcommand is missing"),
            (
                vec!["customer", "create"],
                "required arguments were not provided: --name",
            ),
            (
                vec!["customer", "create", "--name", "x", "--id", "y"],
                "invalid value 'y'",
            ),
            (vec!["agent", "password", "bob"], "<--password"),
        ] {
            let Err(Failure::Usage(refusal)) = parsed(&line) else {
                panic!("{line:?}")
            };
            let refusal = refusal.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(refusal.contains(reason), "{line:?}: {refusal}");
        }
    }

    /// Case 36.
    #[test]
    fn a_password_on_the_line_is_not_printed() {
        let line = ["agent", "password", "bob", "--password", "correct horse"];
        let (line, _) = parsed(&line).unwrap();
        assert!(!format!("{line:?}").contains("correct"));
    }
}
