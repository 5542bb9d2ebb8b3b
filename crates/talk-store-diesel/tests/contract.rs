//! The store contract on SQLite.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use talk_store_diesel::{StoreOptions, open};
use talk_testkit::store_contract::{Opened, Setup};

fn sqlite(setup: Setup) -> Opened {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}/talk.db", directory.path().display());
    let options = StoreOptions {
        queue: setup.queue,
        read_timeout: setup.read_timeout,
        ..StoreOptions::default()
    };
    let store = open(&url, &options, setup.encoder, setup.bell).unwrap();
    Opened {
        store,
        keep: Box::new(directory),
    }
}

talk_testkit::store_contract!(sqlite);
