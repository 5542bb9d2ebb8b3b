//! Lists the sealed secrets of a database, to check that the key of the installation opens them.

use diesel::prelude::*;
use diesel::sql_types::{Binary, Text};
use talk_domain::kernel::secret::Sealed;

use crate::error::OpenError;
use crate::location::Location;
use crate::sqlite::connection;

/// Secrets that are sealed for the id of their row.
const SECRETS: &str = "SELECT 'account' AS kind, id AS owner, token AS sealed FROM talk_accounts \
    WHERE token IS NOT NULL UNION ALL SELECT 'account', id, secret FROM talk_accounts WHERE secret \
    IS NOT NULL UNION ALL SELECT 'webhook', id, secret FROM talk_webhooks";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Binary)]
    owner: Vec<u8>,
    #[diesel(sql_type = Binary)]
    sealed: Vec<u8>,
}

/// A secret at rest.
#[derive(Clone, Debug)]
pub struct SealedSecret {
    /// `account` or `webhook`.
    pub kind: String,
    /// The id for which it is sealed.
    pub owner: Vec<u8>,
    /// The secret.
    pub sealed: Sealed,
}

/// Returns the sealed secrets of accounts and webhooks in the database at `url`.
///
/// # Errors
/// See [`OpenError`]. A wrong URL creates nothing.
pub fn sealed_secrets(url: &str) -> Result<Vec<SealedSecret>, OpenError> {
    let Location::Sqlite(path) = Location::parse(url)?;
    let mut conn = connection::reader(&path).map_err(OpenError::Connect)?;
    let rows = diesel::sql_query(SECRETS).load::<Row>(&mut conn);
    let rows = rows.map_err(|error| OpenError::Connect(error.into()))?;
    let secret = |row: Row| SealedSecret {
        kind: row.kind,
        owner: row.owner,
        sealed: Sealed(row.sealed),
    };
    Ok(rows.into_iter().map(secret).collect())
}
