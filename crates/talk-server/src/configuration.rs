//! `config`: prints every setting, or checks the effective ones.

use serde_json::json;

use crate::bootstrap::FirstAdmin;
use crate::failure::Failure;
use crate::output::print;
use crate::settings::{self, Given, InForce, Settings, documented};
use crate::{installation, serve};

/// Prints every setting with its default: as a commented file, or as JSON.
pub(crate) fn describe(json: bool) -> Result<(), Failure> {
    let text = if json {
        format!("{}\n", json!({ "settings": documented() }))
    } else {
        Settings::template()
    };
    Ok(print(&text)?)
}

/// Prints the effective value of every setting with its source, and checks that `serve` would start
/// with them.
///
/// # Errors
/// With exit code 1 and the reason why it would not.
pub(crate) fn check(given: &Given, json: bool) -> Result<(), Failure> {
    let (in_force, checked) = match settings::load(given) {
        Ok(loaded) => (loaded.in_force, check_serve(&loaded.settings)),
        Err(error) => (Vec::new(), Err(error.into())),
    };
    let problem = checked.err().map(|failure| failure.to_string());
    if json {
        let line = json!({ "settings": in_force, "problem": problem });
        print(&format!("{line}\n"))?;
    } else {
        print(&in_force.iter().map(line).collect::<String>())?;
    }
    match problem {
        Some(problem) => Err(anyhow::Error::msg(problem).into()),
        None => Ok(()),
    }
}

fn check_serve(settings: &Settings) -> Result<(), Failure> {
    installation::check_database(settings)?;
    let secret = serve::signing_secret(settings)?;
    installation::tokens(settings, secret)?;
    FirstAdmin::from(settings)?;
    Ok(())
}

/// `bind = "127.0.0.1:8095" (default)`.
fn line(setting: &InForce) -> String {
    let InForce {
        name,
        value,
        origin,
    } = setting;
    match value {
        Some(value) => format!("{name} = {value} ({origin})\n"),
        None => format!("{name} is not set\n"),
    }
}
