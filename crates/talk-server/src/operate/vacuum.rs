//! `vacuum`: the database without its free pages.

use secrecy::ExposeSecret as _;
use serde_json::json;
use talk_store_diesel::{FreeSpace, Vacuumed};

use super::backup::{Bar, refused};
use crate::failure::Failure;
use crate::installation;
use crate::output::print;
use crate::settings::Settings;

/// Free bytes from which on the doctor suggests a vacuum.
const NOTED: u64 = 64 * 1024 * 1024;

/// Rewrites the database without its free pages.
pub(crate) fn vacuum(settings: &Settings, json: bool) -> Result<(), Failure> {
    installation::check_existing(settings)?;
    let url = settings.database_url();
    let bar = Bar::new();
    let vacuumed = talk_store_diesel::vacuum(url.expose_secret(), &|step| bar.show(step));
    bar.finish();
    let Vacuumed { before, after } = vacuumed.map_err(refused)?;
    let given_back = before.saturating_sub(after);
    if json {
        let line = json!({ "before": before, "after": after, "given_back": given_back });
        return Ok(print(&format!("{line}\n"))?);
    }
    Ok(print(&format!(
        "{given_back} bytes given back: {before} before, {after} now\n"
    ))?)
}

/// Returns a hint if much of the file is free.
pub(super) fn note(space: FreeSpace) -> Option<String> {
    let FreeSpace {
        free,
        all,
        is_incremental,
    } = space;
    if is_incremental || free < NOTED {
        return None;
    }
    Some(format!(
        "{free} of {all} bytes of the database are free; `talk-server vacuum` gives them back, and \
         from then on the server does so by itself"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_much_free_space_that_no_server_gives_back_is_noted() {
        for (free, is_incremental, is_noted) in [
            (NOTED, false, true),
            (NOTED - 1, false, false),
            (NOTED, true, false),
        ] {
            let space = FreeSpace {
                free,
                all: 2 * NOTED,
                is_incremental,
            };
            assert_eq!(note(space).is_some(), is_noted, "{space:?}");
        }
    }
}
