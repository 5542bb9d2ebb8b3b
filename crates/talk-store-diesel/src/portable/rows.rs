//! Rows of primitive values. Reading converts each into a domain type or an error.

pub(crate) mod access_key;
pub(crate) mod agent;
pub(crate) mod chat;
pub(crate) mod customer;
pub(crate) mod event;
pub(crate) mod file;
pub(crate) mod idempotency;
pub(crate) mod intercept;
pub(crate) mod media;
pub(crate) mod message;
pub(crate) mod participant;
pub(crate) mod reaction;
pub(crate) mod read_mark;
pub(crate) mod webhook;

use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::time::Timestamp;
use uuid::Uuid;

use crate::error::corrupt;

/// Converts an id to its stored form.
pub(crate) fn bytes(id: Uuid) -> Vec<u8> {
    id.as_bytes().to_vec()
}

/// Converts a stored id.
pub(crate) fn id<T: From<Uuid>>(bytes: &[u8]) -> Result<T, StoreError> {
    Uuid::from_slice(bytes).map(T::from).map_err(corrupt)
}

/// Converts a stored optional id.
pub(crate) fn optional_id<T: From<Uuid>>(bytes: Option<&[u8]>) -> Result<Option<T>, StoreError> {
    bytes.map(id).transpose()
}

/// Converts a stored time.
pub(crate) fn at(micros: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_micros(micros).ok_or_else(|| corrupt("a time out of range"))
}

/// Converts a stored optional time.
pub(crate) fn optional_at(micros: Option<i64>) -> Result<Option<Timestamp>, StoreError> {
    micros.map(at).transpose()
}

/// Converts a stored number.
pub(crate) fn number<T: TryFrom<i64>>(stored: i64) -> Result<T, StoreError> {
    T::try_from(stored).map_err(|_| corrupt("a number out of range"))
}

/// Converts a `seq` to its stored form. No log reaches `i64::MAX`.
pub(crate) fn seq(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

/// Converts a number of bytes to its stored form. No file reaches `i64::MAX`.
pub(crate) fn size(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

/// Converts a stored hash.
pub(crate) fn hash(stored: Vec<u8>) -> Result<[u8; 32], StoreError> {
    stored
        .try_into()
        .map_err(|_| corrupt("a hash of a wrong length"))
}
