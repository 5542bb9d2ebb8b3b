//! `dev`: serves a demo on loopback and prints commands to try.

use std::fmt::Write as _;
use std::fs::{DirBuilder, OpenOptions};
use std::io::Write as _;
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use anyhow::Context as _;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use talk_domain::identity::credentials::Tokens as _;
use talk_webhooks::SealingKey;

use crate::console;
use crate::demo::{Demo, PASSWORD, demo, web_chat};
use crate::failure::Failure;
use crate::files;
use crate::installation::{check_database, fresh, now, refused, secret};
use crate::output::print;
use crate::serve::{Prepared, prepare, run};
use crate::settings::{Loaded, Settings, SettingsError};
use crate::webhooks;

/// The file in `data_dir` with the signing secret of `dev`.
const SECRET_FILE: &str = "jwt-secret";

/// The file in `data_dir` with the key that `dev` seals secrets with.
const KEY_FILE: &str = "secrets-key";

/// Serves the demo until SIGTERM or SIGINT.
pub(crate) async fn dev(loaded: &Loaded, json: bool) -> Result<(), Failure> {
    let settings = &loaded.settings;
    check_loopback("bind", Some(settings.bind))?;
    check_loopback("admin_bind", settings.admin_bind.0)?;
    check_database(settings)?;
    let secret = match &settings.jwt_secret {
        Some(secret) => secret.clone(),
        None => kept_secret(&settings.data_dir, SECRET_FILE)?,
    };
    let mut keys = webhooks::sealing_keys(settings)?;
    if keys.current.is_none() {
        let key = SealingKey::new(&kept_secret(&settings.data_dir, KEY_FILE)?);
        keys.current = Some(key.context(KEY_FILE)?);
    }
    let mut prepared = prepare(loaded, &secret, keys)?;
    let demo = demo(&prepared.store, &*prepared.passwords, settings.limits()).await?;
    prepared.demo_agents = console::demo_agents(&demo);
    let page = visitor_page(settings, &prepared, &demo).await?;
    let mut text = welcome(&prepared, (&demo, &page), json)?;
    if settings.console && !json {
        text.push_str(&invitation(prepared.address()?));
    }
    print(&text)?;
    files::check(&prepared.files).await?;
    run(settings, prepared).await
}

/// Returns the address of the page on which a visitor writes to the demo.
async fn visitor_page(
    settings: &Settings,
    prepared: &Prepared,
    demo: &Demo,
) -> Result<String, Failure> {
    let admin = demo.agents.first().context("the demo's agent alice")?;
    let account = web_chat(&prepared.conversations, admin, settings.limits()).await?;
    Ok(format!("http://{}/webchat/{account}", prepared.address()?))
}

/// Refuses an address that is not loopback: the passwords of the demo are public.
fn check_loopback(name: &str, address: Option<SocketAddr>) -> Result<(), Failure> {
    if address.is_none_or(|address| address.ip().is_loopback()) {
        return Ok(());
    }
    let reason = "`dev` serves on loopback only, for example 127.0.0.1:8095; use `serve`";
    Err(SettingsError::new(name, reason).into())
}

/// Reads the secret in `directory`; generates it the first time, readable by this user alone.
fn kept_secret(directory: &Path, file: &str) -> anyhow::Result<SecretString> {
    let path = directory.join(file);
    match std::fs::read_to_string(&path) {
        Ok(secret) => return Ok(secret.trim_end().into()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => {
            return Err(error).with_context(|| format!("cannot read {}", path.display()));
        }
    }
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .with_context(|| format!("cannot create the directory {}", directory.display()))?;
    write_secret(&path).with_context(|| format!("cannot write {}", path.display()))
}

/// Writes a new secret to `path`.
fn write_secret(path: &Path) -> std::io::Result<SecretString> {
    let secret = secret();
    // Written to a temporary file and renamed, so that a crash leaves no partial file.
    let half = path.with_extension("half");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(&half)?;
    file.write_all(secret.expose_secret().as_bytes())?;
    file.sync_all()?;
    std::fs::rename(half, path)?;
    Ok(secret)
}

/// Builds the banner: example commands with valid tokens.
fn welcome(
    prepared: &Prepared,
    (demo, page): (&Demo, &str),
    json: bool,
) -> Result<String, Failure> {
    let url = format!("http://{}", prepared.address()?);
    let mut tokens = Vec::new();
    for agent in &demo.agents {
        let (token, _) = prepared
            .tokens
            .issue(agent, fresh(), now())
            .map_err(refused)?;
        tokens.push((agent, token));
    }
    if json {
        let agents: serde_json::Map<_, _> = tokens
            .iter()
            .map(|(agent, token)| {
                let shown = json!({"id": agent.id.to_string(), "token": token});
                (agent.username.clone(), shown)
            })
            .collect();
        let line = json!({"url": url, "chat_id": demo.chat.to_string(), "agents": agents, "visitor_page": page});
        return Ok(format!("{line}\n"));
    }
    Ok(banner((&url, page), demo, &tokens))
}

/// Builds the end of the banner: the link to the console.
fn invitation(address: SocketAddr) -> String {
    format!(
        "Open http://{address}/ in two windows of a browser, choose a person in each, and chat.\n\n"
    )
}

fn banner(
    (url, page): (&str, &str),
    demo: &Demo,
    tokens: &[(&talk_domain::identity::agent::Agent, String)],
) -> String {
    let mut text = String::new();
    let names: Vec<_> = tokens
        .iter()
        .map(|(agent, _)| agent.username.as_str())
        .collect();
    let chat = demo.chat;
    let (alice, bob) = match tokens {
        [(_, alice), (_, bob), ..] => (alice, bob),
        [(_, alice)] => (alice, alice),
        [] => return text,
    };
    let api = format!("{url}/v1.0/service_agents");
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        r#"
==== DEMO: everybody knows the passwords of this server. Loopback only. ====

Talk serves {url}; {names} log in with the password {PASSWORD}.
The commands below are ready to paste into another terminal.

# Alice sends a message
curl -sS '{api}/talk_messages' -H 'Authorization: Bearer {alice}' -H 'Content-Type: application/json' -d '{{"chat_id":"{chat}","text":"Hello, Bob!"}}'; echo

# Bob lists the messages
curl -sS '{api}/talk_messages?chat_id={chat}' -H 'Authorization: Bearer {bob}'; echo

# Bob tails the events (Ctrl-C ends it)
since=0; while page=$(curl -fsS "{api}/talk_events?chat_id={chat}&since=$since" -H 'Authorization: Bearer {bob}'); do seq=$(printf '%s' "$page" | grep -o '"seq":[0-9]*' | tail -n 1 | cut -d: -f2); if [ -n "$seq" ]; then printf '%s\n' "$page"; since=$seq; fi; sleep 1; done

# A visitor of a web page writes on {page}
# Alice answers the newest conversation with a visitor
id=$(curl -fsS '{url}/v1.0/conversations' -H 'Authorization: Bearer {alice}' | grep -o '"id":"[^"]*"' | head -n 1 | cut -d'"' -f4); curl -sS "{url}/v1.0/conversations/$id/messages" -H 'Authorization: Bearer {alice}' -H 'Content-Type: application/json' -d '{{"text":"Hello, how can I help?"}}'; echo

# Anybody logs in
curl -sS '{url}/auth/login' -H 'Content-Type: application/json' -d '{{"username":"carol","password":"{PASSWORD}"}}'; echo

==== DEMO: Ctrl-C ends it; what was said stays. ====

"#,
        names = names.join(", "),
    );
    text
}
