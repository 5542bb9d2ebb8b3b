//! Test support: secrets and intercepts.

use std::sync::Arc;

use talk_domain::hooks::gateway::{Call, Called, Intercepts};
use talk_domain::hooks::intercept::{Intercept, Point};
use talk_domain::kernel::future::BoxFuture;
use talk_domain::kernel::id::CustomerId;
use talk_domain::kernel::secret::{Sealed, SecretError, Secrets};
use talk_domain::kernel::store_error::StoreError;

/// Secrets that everybody knows.
pub(super) struct KnownSecrets;

impl Secrets for KnownSecrets {
    fn create(&self, _: &[u8]) -> Result<(String, Sealed), SecretError> {
        Ok(("whsec_MfKQ".to_owned(), Sealed(vec![1])))
    }

    fn seal(&self, _: &[u8], _: &str) -> Result<Sealed, SecretError> {
        Ok(Sealed(vec![2]))
    }

    fn open(&self, _: &[u8], _: &Sealed) -> Result<String, SecretError> {
        Ok("whsec_MfKQ".to_owned())
    }
}

/// No customer has an intercept.
pub(super) struct NoIntercepts;

impl Intercepts for NoIntercepts {
    fn active(&self, _: CustomerId, _: Point) -> Option<Arc<Intercept>> {
        None
    }

    fn refresh(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async { Ok(()) })
    }

    fn call<'a>(&'a self, _: &'a Intercept, _: Call) -> BoxFuture<'a, Called> {
        panic!("nobody has an intercept")
    }
}
