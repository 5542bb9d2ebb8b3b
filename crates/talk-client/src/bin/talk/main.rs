//! Talk on the command line.

mod files;
mod login;
mod output;
mod outside;
mod say;
mod search;
mod session;
mod state;
mod tail;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Talk on the command line. `TALK_URL` and `TALK_TOKEN` are used instead of `talk login` if set.
#[derive(Parser)]
#[command(name = "talk", version)]
struct Arguments {
    /// Print JSON, one value a line.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Log in and store the token.
    Login(login::Login),
    /// List the chats you are in.
    Chats,
    /// Search messages, newest first.
    Search(search::Search),
    /// Post a message in a chat.
    Send {
        /// The chat.
        chat: String,
        /// The text of the message.
        text: String,
        /// Upload this file and attach it; may be repeated.
        #[arg(long = "file", value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Upload a file and print its id.
    Upload(files::Upload),
    /// Save a file of a message, or of your own.
    Download(files::Download),
    /// List your conversations with people outside, or all as an admin.
    Conversations(outside::Conversations),
    /// Become the owner of a conversation without an owner.
    Claim {
        /// The conversation.
        conversation: String,
    },
    /// List the accounts by which people outside write to you, as an admin.
    Accounts,
    /// Answer a message of a chat, or a person outside.
    Reply {
        /// The message, or the conversation with the person outside.
        #[arg(value_name = "MESSAGE|CONVERSATION")]
        id: String,
        /// The text of the message.
        text: String,
        /// Upload this file and attach it; may be repeated.
        #[arg(long = "file", value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// React to a message.
    React {
        /// The message.
        message: String,
        /// An emoji or a short name.
        emoji: String,
    },
    /// Print events as they happen, until interrupted.
    Tail {
        /// These chats; all of yours if none is named.
        chats: Vec<String>,
        /// Begin after this event of each chat named; 0 is before the first.
        #[arg(long, requires = "chats")]
        since: Option<u64>,
        /// Store the position in this file, and resume from it at the next start.
        #[arg(long)]
        state: Option<PathBuf>,
    },
}

/// Wrong arguments: exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Usage(String);

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("talk: {error:#}");
            ExitCode::from(if error.is::<Usage>() { 2 } else { 1 })
        }
    }
}

/// Returns whether the reader of the output closed the pipe.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let io = error.downcast_ref::<std::io::Error>();
    io.is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

async fn run(Arguments { json, command }: Arguments) -> anyhow::Result<()> {
    let out = output::Output { is_json: json };
    match command {
        Command::Login(login) => login::login(login, out).await,
        Command::Chats => say::chats(&session::client()?, out).await,
        Command::Search(search) => search::search(&session::client()?, search, out).await,
        Command::Send { chat, text, files } => {
            files::send(&session::client()?, (chat, text, files), out).await
        }
        Command::Upload(upload) => files::upload(&session::client()?, upload, out).await,
        Command::Download(wanted) => files::download(&session::client()?, wanted, out).await,
        Command::Conversations(wanted) => {
            outside::conversations(&session::client()?, wanted, out).await
        }
        Command::Claim { conversation } => {
            outside::claim(&session::client()?, &conversation, out).await
        }
        Command::Accounts => outside::accounts(&session::client()?, out).await,
        Command::Reply { id, text, files } => {
            reply(&session::client()?, (id, text, files), out).await
        }
        Command::React { message, emoji } => {
            say::react(&session::client()?, (message, emoji), out).await
        }
        Command::Tail {
            chats,
            since,
            state,
        } => tail::tail(&session::client()?, (chats, since, state), out).await,
    }
}

/// Answers a person outside, or a message of a chat: an id is that of one of them.
async fn reply(
    client: &talk_client::Client,
    (id, text, files): (String, String, Vec<PathBuf>),
    out: output::Output,
) -> anyhow::Result<()> {
    // Files are uploaded once it is known what the id is of.
    if outside::is_conversation(client, &id).await? {
        let medias = files::stored(client, files).await?;
        return outside::answer(client, (&id, &text, &medias), out).await;
    }
    let parent = client.message(&id).await?;
    let medias = files::stored(client, files).await?;
    say::reply(client, &parent, (text, medias), out).await
}
