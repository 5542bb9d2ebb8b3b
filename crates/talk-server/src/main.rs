//! The Talk server: settings, wiring and subcommands.

// The print macros panic on a closed pipe; use `output` instead.
#![warn(clippy::print_stdout, clippy::print_stderr)]

mod bootstrap;
mod channels;
mod cleaner;
mod cli;
mod configuration;
mod console;
mod demo;
mod descriptors;
mod dev;
mod failure;
mod files;
mod healthcheck;
mod installation;
mod observe;
mod operate;
mod output;
mod retention;
mod serve;
mod settings;
mod signals;
mod upkeep;
mod usernames;
mod webhooks;

use std::process::ExitCode;

use anyhow::Context as _;
use secrecy::ExposeSecret as _;
use serde_json::json;

use cli::{Command, CustomerCommand, Line};
use failure::Failure;
use operate::{Looked, Operator};
use output::print;
use settings::{Given, Loaded, Settings};

// A post allocates some hundred times: this allocator and the flags in `.cargo/config.toml` give
// 1.5 times the posts per second (`make bench`).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let ran = cli::parse(std::env::args_os()).and_then(|(line, given)| run(line, &given));
    observe::flush();
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn run(line: Line, given: &Given) -> Result<(), Failure> {
    match line.command {
        Command::Config { check: true } => return configuration::check(given, line.json),
        Command::Config { check: false } => return configuration::describe(line.json),
        Command::Openapi => return Ok(print(&talk_http_actix::openapi())?),
        _ => {}
    }
    let loaded = settings::load(given)?;
    if matches!(line.command, Command::Healthcheck) {
        return healthcheck::healthcheck(&loaded.settings, line.json);
    }
    installation::check_database(&loaded.settings)?;
    // Requests run on the threads of the HTTP server; this runtime runs signals and background
    // tasks.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .context("the runtime")?;
    runtime.block_on(carry_out(line, &loaded))
}

async fn carry_out(line: Line, loaded: &Loaded) -> Result<(), Failure> {
    let settings = &loaded.settings;
    let json = line.json;
    let operator = |is_first: bool| {
        if !is_first {
            installation::check_existing(settings)?;
        }
        let lock = installation::lock_for_command(settings)?;
        let is_served = lock.is_served().map_err(anyhow::Error::new)?;
        Ok::<_, Failure>(Operator {
            store: installation::open_beside(settings, is_served)?,
            limits: settings.limits(),
            json,
            lock,
        })
    };
    match line.command {
        Command::Dev => dev::dev(loaded, json).await,
        Command::Serve => serve::serve(loaded).await,
        Command::Migrate => migrate(settings, json),
        Command::Customer(command) => {
            let is_first = matches!(command, CustomerCommand::Create { .. });
            let is_deletion = matches!(command, CustomerCommand::Delete { .. });
            let operator = operator(is_first)?;
            operator.customer(command).await?;
            if is_deletion && !operator.is_served()? {
                installation::rewrite_mark(settings)?;
            }
            Ok(())
        }
        Command::Agent(command) => operator(false)?.agent(command).await,
        Command::Accesskey(command) => operator(false)?.access_key(command).await,
        Command::Webhook { customer, command } => {
            operator(false)?.webhook(customer.into(), command).await
        }
        Command::Consumer(command) => operator(false)?.consumer(command).await,
        Command::Doctor => {
            installation::check_existing(settings)?;
            let _lock = installation::lock_for_command(settings)?;
            let looked = Looked {
                migrated: apply_migrations(settings)?,
                problems: installation::examine(settings)?,
                space: installation::free_space(settings)?,
                notes: installation::notes(settings)?,
            };
            let storage = files::open(settings)?;
            operate::doctor(&operator(false)?, looked, &storage).await
        }
        Command::Backup { file } => operate::backup(settings, &file, json),
        Command::Vacuum => operate::vacuum(settings, json),
        Command::Restore(command) => operate::restore(settings, &command, json),
        Command::Config { .. } | Command::Openapi | Command::Healthcheck => Ok(()),
    }
}

fn migrate(settings: &Settings, json: bool) -> Result<(), Failure> {
    let _lock = installation::lock_for_command(settings)?;
    let applied = apply_migrations(settings)?;
    let text = if json {
        format!("{}\n", json!({ "applied": applied }))
    } else if applied.is_empty() {
        "nothing to do: the database is up to date\n".to_owned()
    } else {
        format!("applied {}\n", applied.join(", "))
    };
    Ok(print(&text)?)
}

fn apply_migrations(settings: &Settings) -> Result<Vec<String>, Failure> {
    let url = settings.database_url();
    Ok(talk_store_diesel::migrate(url.expose_secret()).context("the database")?)
}
