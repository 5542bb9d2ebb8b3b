//! Intercepts: addresses of a customer that decide on its messages before they are stored.

use crate::hooks::secret::EndpointSecrets;
use crate::kernel::error::Invalid;
use crate::kernel::id::CustomerId;
use crate::kernel::store_error::StoreError;
use crate::kernel::time::Timestamp;

/// Default of [`Intercept::timeout_ms`].
pub const DEFAULT_TIMEOUT_MS: u32 = 1_500;

/// Maximum of [`Intercept::timeout_ms`].
pub const MAX_TIMEOUT_MS: u32 = 5_000;

/// The event before which an intercept is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Point {
    /// An agent posts or edits a message.
    TalkMessage,
}

impl Point {
    /// Every point.
    pub const ALL: [Self; 1] = [Self::TalkMessage];

    /// Its name in paths, in requests to intercepts and at rest.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TalkMessage => "talk_message",
        }
    }

    /// The point with this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|point| point.as_str() == name)
    }
}

/// The decision if an intercept gives no valid answer in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnError {
    /// The message is stored as it was sent.
    #[default]
    Allow,
    /// The message is refused; the sender may try again.
    Reject,
    /// The message is held until an admin decides.
    Hold,
}

impl OnError {
    /// Its name in requests, in answers and at rest.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Reject => "reject",
            Self::Hold => "hold",
        }
    }

    /// The decision with this name.
    ///
    /// # Errors
    /// Names the field `on_error`.
    pub fn parse(name: &str) -> Result<Self, Invalid> {
        let all = [Self::Allow, Self::Reject, Self::Hold];
        let known = all.into_iter().find(|one| one.as_str() == name);
        known.ok_or_else(|| {
            let message = "must be allow, reject or hold";
            Invalid::new("on_error", "INTERCEPT_ON_ERROR_INVALID", message)
        })
    }
}

/// An intercept. A customer has at most one at each point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intercept {
    /// Its customer.
    pub customer: CustomerId,
    /// The point at which it is called.
    pub point: Point,
    /// Address.
    pub uri: String,
    /// The secrets that sign its requests.
    pub secrets: EndpointSecrets,
    /// Maximum number of milliseconds until its answer.
    pub timeout_ms: u32,
    /// The decision if there is no valid answer.
    pub on_error: OnError,
    /// Whether it is called.
    pub is_enabled: bool,
    /// Time of creation.
    pub created: Timestamp,
    /// Time of the last change.
    pub updated: Timestamp,
}

/// Returns the bytes by which an intercept is identified as the owner of its
/// [secrets](crate::kernel::secret::Secrets).
#[must_use]
pub fn secret_owner(customer: CustomerId, point: Point) -> Vec<u8> {
    [customer.0.as_bytes(), point.as_str().as_bytes()].concat()
}

/// Driven port: stores the intercepts of the unit's customer.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait InterceptRepository {
    /// Finds the intercept at a point.
    ///
    /// # Errors
    /// Only when storage fails.
    fn get(&mut self, point: Point) -> Result<Option<Intercept>, StoreError>;

    /// Stores an intercept. It replaces the one at its point, if there is one.
    ///
    /// # Errors
    /// Only when storage fails.
    fn put(&mut self, intercept: &Intercept) -> Result<(), StoreError>;

    /// Deletes the intercept at a point.
    ///
    /// # Errors
    /// Only when storage fails.
    fn remove(&mut self, point: Point) -> Result<(), StoreError>;
}

/// Driven port: reading intercepts.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait InterceptQueries {
    /// Finds the intercept of the customer at a point.
    ///
    /// # Errors
    /// Only when storage fails.
    fn get(&mut self, point: Point) -> Result<Option<Intercept>, StoreError>;

    /// Returns the enabled intercepts of all customers. Only for [units of the
    /// installation](crate::kernel::store::Unit::installation).
    ///
    /// # Errors
    /// Only when storage fails.
    fn enabled(&mut self) -> Result<Vec<Intercept>, StoreError>;

    /// Returns whether any customer has an intercept, and so a sealed secret. Only for
    /// [units of the installation](crate::kernel::store::Unit::installation).
    ///
    /// # Errors
    /// Only when storage fails.
    fn any(&mut self) -> Result<bool, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::customer_id;

    #[test]
    fn names_are_parsed_back() {
        for point in Point::ALL {
            assert_eq!(Point::parse(point.as_str()), Some(point));
        }
        assert_eq!(Point::parse("held"), None);
        for decision in [OnError::Allow, OnError::Reject, OnError::Hold] {
            assert_eq!(OnError::parse(decision.as_str()), Ok(decision));
        }
        let refused = OnError::parse("block").unwrap_err();
        let named = (&*refused.field, refused.reason);
        assert_eq!(named, ("on_error", "INTERCEPT_ON_ERROR_INVALID"));
    }

    #[test]
    fn no_webhook_owns_the_secret_of_an_intercept() {
        let owner = secret_owner(customer_id(), Point::TalkMessage);
        assert!(owner.len() > 16 && owner.starts_with(customer_id().0.as_bytes()));
    }
}
