//! The stored login.

use std::env;
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use talk_client::Client;

use crate::Usage;
use crate::state::write_private;

/// The address of a server started by `make run`.
pub(crate) const DEFAULT_URL: &str = "http://127.0.0.1:8095";

#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) url: String,
    pub(crate) token: String,
}

impl Session {
    /// Stores the login in a file that only this user can read.
    pub(crate) fn store(&self) -> anyhow::Result<PathBuf> {
        let path = path()?;
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        }
        write_private(&path, &serde_json::to_vec(self)?)?;
        Ok(path)
    }

    fn load() -> anyhow::Result<Option<Self>> {
        let path = path()?;
        match fs::read(&path) {
            Ok(bytes) => {
                let session = serde_json::from_slice(&bytes);
                Ok(Some(session.with_context(|| path.display().to_string())?))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| path.display().to_string()),
        }
    }
}

/// `$XDG_CONFIG_HOME/talk/session.json`, by default in `~/.config`.
fn path() -> anyhow::Result<PathBuf> {
    let config = variable("XDG_CONFIG_HOME").map(PathBuf::from);
    let home = || variable("HOME").map(|home| PathBuf::from(home).join(".config"));
    let missing = || Usage("neither XDG_CONFIG_HOME nor HOME is set".to_owned());
    let config = config.or_else(home).ok_or_else(missing)?;
    Ok(config.join("talk").join("session.json"))
}

/// Returns a variable of the environment that is set and not empty.
pub(crate) fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// Creates the client from the environment, else from the stored login. A stored token is never
/// sent to another server than the one that issued it.
pub(crate) fn client() -> anyhow::Result<Client> {
    let (url, token) = (variable("TALK_URL"), variable("TALK_TOKEN"));
    let (url, token) = match (url, token) {
        (Some(url), Some(token)) => (url, token),
        (url, token) => {
            let stored = Session::load()?.filter(|stored| is_for(stored, url.as_deref()));
            let known = token.is_some();
            let stored = match stored {
                Some(stored) => stored,
                None if known => Session::default(),
                None => return Err(Usage("not logged in: talk login".to_owned()).into()),
            };
            let stored_url = Some(stored.url).filter(|url| !url.is_empty());
            let url = url.or(stored_url).unwrap_or_else(|| DEFAULT_URL.to_owned());
            (url, token.unwrap_or(stored.token))
        }
    };
    Ok(Client::with_token(&url, token).map_err(|error| Usage(error.to_string()))?)
}

fn is_for(stored: &Session, url: Option<&str>) -> bool {
    let same = |url: &str| url.trim_end_matches('/') == stored.url.trim_end_matches('/');
    url.is_none_or(same)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_stays_with_its_server() {
        let stored = Session {
            url: "http://a:1".into(),
            token: "t".into(),
        };
        assert!(is_for(&stored, None) && is_for(&stored, Some("http://a:1/")));
        assert!(!is_for(&stored, Some("http://b:1")));
    }
}
