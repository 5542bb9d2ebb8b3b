//! Opening a database.

use std::sync::Arc;

use talk_domain::event::{Bell, FrameEncoder};
use talk_domain::store::Store;

use crate::connection::AnyConnection;
use crate::disk::Reserve;
use crate::error::OpenError;
use crate::index;
use crate::location::Location;
use crate::options::StoreOptions;
use crate::sqlite;
use crate::store::SqliteStore;

/// Opens the database at `url`, applies its migrations and starts its writer.
///
/// Frames of events are made by `encoder`; `bell` is told about them once they are durable.
/// Dropping the last handle ends the writer after what is queued.
///
/// # Errors
/// See [`OpenError`]. A wrong URL creates nothing.
pub fn open(
    url: &str,
    options: &StoreOptions,
    encoder: Arc<dyn FrameEncoder>,
    bell: Arc<dyn Bell>,
) -> Result<Arc<dyn Store>, OpenError> {
    let Location::Sqlite(path) = Location::parse(url)?;
    let reserve = Reserve::of(&path);
    let mut conn = match sqlite::writer(&path) {
        Err(error) if error.is_for_space() && reserve.release() => {
            tracing::warn!("the disk is full: the space kept for this start is used");
            sqlite::writer(&path)?
        }
        opened => opened?,
    };
    sqlite::migrate(&mut conn).map_err(OpenError::migrate)?;
    let epoch = sqlite::epoch(&mut conn).map_err(|error| OpenError::migrate(error.into()))?;
    index::prepare(&mut conn).map_err(|error| OpenError::migrate(error.into()))?;
    if let Some(bytes) = options.max_bytes {
        sqlite::limit(&mut conn, bytes).map_err(|error| OpenError::Start(error.into()))?;
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

/// What a store is connected to.
pub(crate) struct Ports {
    /// Makes frames.
    pub(crate) encoder: Arc<dyn FrameEncoder>,
    /// Is told about committed events.
    pub(crate) bell: Arc<dyn Bell>,
    /// Identity of the log.
    pub(crate) epoch: String,
}

/// Applies the migrations the database at `url` lacks, and tells which.
///
/// # Errors
/// See [`OpenError`]. A wrong URL creates nothing.
pub fn migrate(url: &str) -> Result<Vec<String>, OpenError> {
    let Location::Sqlite(path) = Location::parse(url)?;
    let mut conn = sqlite::writer(&path)?;
    sqlite::migrate(&mut conn).map_err(OpenError::migrate)
}
