//! The store contract on SQLite.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::sync::Arc;

use talk_store_diesel::{SqliteStore, StoreOptions, open};
use talk_testkit::store_contract::{Opened, Setup};

fn sqlite(setup: Setup) -> Opened {
    opened(setup, StoreOptions::default())
}

/// The same repositories without the cache of a batch.
fn plain(setup: Setup) -> Opened {
    let is_plain = true;
    opened(
        setup,
        StoreOptions {
            is_plain,
            ..StoreOptions::default()
        },
    )
}

fn opened(setup: Setup, options: StoreOptions) -> Opened {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}/talk.db", directory.path().display());
    let options = StoreOptions {
        queue: setup.queue,
        read_timeout: setup.read_timeout,
        ..options
    };
    let store = open(&url, &options, setup.encoder, setup.bell).unwrap();
    Opened {
        conversations: Arc::<SqliteStore>::clone(&store),
        store,
        keep: Box::new(directory),
    }
}

mod cached {
    talk_testkit::store_contract!(crate::sqlite);
}

mod uncached {
    talk_testkit::store_contract!(crate::plain);
}
