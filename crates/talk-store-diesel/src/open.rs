//! Opening a database.

use std::sync::Arc;

use talk_domain::kernel::log::Bell;

use crate::connection::AnyConnection;
use crate::encoders::Encoders;
use crate::error::OpenError;
use crate::location::Location;
use crate::options::StoreOptions;
use crate::sqlite::connection;
use crate::sqlite::fault::{is_for_space, not_migrated};
use crate::sqlite::file::disk::Reserve;
use crate::sqlite::search::index;
use crate::sqlite::store::SqliteStore;

/// Opens the database at `url`, applies its migrations and starts its writer.
///
/// `encoder` encodes the frames of events, and `bell` is called once they are durable. When the
/// last handle is dropped, the writer finishes the queued units and ends.
///
/// # Errors
/// See [`OpenError`]. A wrong URL creates nothing.
pub fn open(
    url: &str,
    options: &StoreOptions,
    encoder: Arc<dyn Encoders>,
    bell: Arc<dyn Bell>,
) -> Result<Arc<SqliteStore>, OpenError> {
    let Location::Sqlite(path) = Location::parse(url)?;
    let reserve = Reserve::of(&path);
    let mut conn = match connection::writer(&path) {
        Err(error) if is_for_space(&error) && reserve.release() => {
            tracing::warn!("the disk is full: the space reserved for this start is used");
            connection::writer(&path)?
        }
        opened => opened?,
    };
    connection::migrate(&mut conn).map_err(not_migrated)?;
    let epoch = connection::epoch(&mut conn).map_err(|error| not_migrated(error.into()))?;
    index::prepare(&mut conn).map_err(|error| not_migrated(error.into()))?;
    if let Some(bytes) = options.max_bytes {
        connection::limit(&mut conn, bytes).map_err(|error| OpenError::Start(error.into()))?;
    }
    reserve.keep();
    let conn = AnyConnection::Sqlite(conn);
    let store = SqliteStore::start(
        conn,
        &path,
        options,
        Ports {
            encoder,
            bell,
            epoch,
        },
    )?;
    Ok(Arc::new(store))
}

/// The ports that a store calls.
pub(crate) struct Ports {
    /// Makes frames.
    pub(crate) encoder: Arc<dyn Encoders>,
    /// Is called with committed events.
    pub(crate) bell: Arc<dyn Bell>,
    /// The epoch of the database.
    pub(crate) epoch: String,
}

/// Applies the migrations that the database at `url` lacks, and returns their names.
///
/// # Errors
/// See [`OpenError`]. A wrong URL creates nothing.
pub fn migrate(url: &str) -> Result<Vec<String>, OpenError> {
    let Location::Sqlite(path) = Location::parse(url)?;
    let mut conn = connection::writer(&path)?;
    connection::migrate(&mut conn).map_err(not_migrated)
}
