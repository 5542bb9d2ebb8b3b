//! The store contract on SQLite.

use std::sync::Arc;

use talk_store_diesel::{StoreOptions, open};
use talk_testkit::store_contract::{Opened, Setup};

fn sqlite(setup: Setup) -> Opened {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}/talk.db", directory.path().display());
    let options = StoreOptions {
        queue: setup.queue,
        ..StoreOptions::default()
    };
    let store = open(&url, &options, setup.encoder, setup.bell).unwrap();
    Opened {
        store: Arc::clone(&store),
        keep: Box::new(directory),
    }
}

talk_testkit::store_contract!(sqlite);
