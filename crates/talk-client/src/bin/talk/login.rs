//! `talk login`.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::process::{Command, Stdio};

use clap::Args;
use serde_json::json;
use talk_client::Client;

use crate::Usage;
use crate::output::{Output, printable};
use crate::session::{DEFAULT_URL, Session, variable};

/// The arguments of `talk login`.
#[derive(Args)]
pub(crate) struct Login {
    /// The server; by default `TALK_URL`, or the one that `make run` starts.
    #[arg(long)]
    url: Option<String>,
    /// The username; read from the terminal if it is not given.
    #[arg(long)]
    username: Option<String>,
    /// Read the password from the standard input without asking.
    #[arg(long, requires = "username")]
    password_stdin: bool,
}

pub(crate) async fn login(login: Login, out: Output) -> anyhow::Result<()> {
    let url = login.url.or_else(|| variable("TALK_URL"));
    let url = url.unwrap_or_else(|| DEFAULT_URL.to_owned());
    Client::with_token(&url, "").map_err(|error| Usage(error.to_string()))?;
    let username = match login.username {
        Some(username) => username,
        None => prompt_for("Username: ", false)?,
    };
    let password = if login.password_stdin {
        line()?
    } else {
        prompt_for("Password: ", true)?
    };
    let client = Client::login(&url, &username, &password).await?;
    let session = Session {
        url,
        token: client.token().to_owned(),
    };
    let path = session.store()?;
    let me = client.me().await?;
    let shown = json!({"url": session.url, "agent": me, "session": path.display().to_string()});
    let line = format!("logged in as {} ({})", printable(&me.username), me.id);
    Ok(out.print(&shown, &line)?)
}

fn prompt_for(prompt: &str, is_secret: bool) -> anyhow::Result<String> {
    let is_hidden = is_secret && io::stdin().is_terminal();
    eprint!("{prompt}");
    io::stderr().flush()?;
    if is_hidden {
        echo(false);
    }
    let answer = line();
    if is_hidden {
        echo(true);
        eprintln!();
    }
    answer
}

/// Switches the echo of the terminal on or off. Without `stty` it stays on.
fn echo(is_on: bool) {
    let argument = if is_on { "echo" } else { "-echo" };
    let mut stty = Command::new("stty");
    // The prompt works without it, too.
    let _ = stty.arg(argument).stderr(Stdio::null()).status();
}

fn line() -> anyhow::Result<String> {
    let mut line = String::new();
    if io::stdin().lock().read_line(&mut line)? == 0 {
        return Err(Usage("nothing on the standard input".to_owned()).into());
    }
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
