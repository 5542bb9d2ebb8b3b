//! Hashes passwords with argon2id on blocking threads, at most two at a time.

use std::sync::Arc;

use argon2::password_hash::{
    Output, PasswordHash as Phc, PasswordHasher, PasswordVerifier, SaltString,
};
use argon2::{Algorithm, Argon2, Params, Version};
use talk_domain::identity::agent::{PasswordHash, normal_password};
use talk_domain::identity::credentials::{PasswordError, PasswordMatch, Passwords};
use talk_domain::kernel::future::BoxFuture;
use tokio::sync::Semaphore;

use crate::IdentityError;

/// 19 MiB in two passes on one lane (AUTH-13).
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Hashes that may run at the same time: each holds 19 MiB and one processor core.
const MAX_RUNNING: usize = 2;

/// Further hashes that may wait; the last of them waits about two seconds.
const MAX_WAITING: usize = 256;

const SALT_BYTES: usize = 16;

/// Implements [`Passwords`] with argon2id.
pub struct ArgonPasswords {
    argon: Argon2<'static>,
    permits: Arc<Semaphore>,
    /// One permit per hash that runs or waits.
    admitted: Semaphore,
    /// Compared with when the username is unknown, so that the comparison costs the same. No
    /// password matches it.
    decoy: PasswordHash,
}

impl std::fmt::Debug for ArgonPasswords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ArgonPasswords")
    }
}

impl ArgonPasswords {
    /// Creates the hasher with the fixed argon2id parameters.
    ///
    /// # Errors
    /// If the system gives no random bytes.
    pub fn new() -> Result<Self, IdentityError> {
        let params = Params::new(MEMORY_KIB, PASSES, LANES, None);
        let params = params.map_err(|_| IdentityError::Random)?;
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let decoy = decoy(&argon).map_err(|_| IdentityError::Random)?;
        Ok(Self {
            argon,
            permits: Arc::new(Semaphore::new(MAX_RUNNING)),
            admitted: Semaphore::new(MAX_RUNNING + MAX_WAITING),
            decoy,
        })
    }

    /// Runs `work` on a blocking thread once a permit is free.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Argon2<'static>) -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let _place = self
            .admitted
            .try_acquire()
            .map_err(|_| PasswordError::Busy)?;
        let permits = Arc::clone(&self.permits);
        let permit = permits.acquire_owned().await;
        let permit = permit.map_err(|_| PasswordError::Failed)?;
        let argon = self.argon.clone();
        // The permit moves into the thread, so that a cancelled caller does not free it while the
        // hash still runs.
        let work = move || {
            let _permit = permit;
            work(&argon)
        };
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|_| PasswordError::Failed)?
    }
}

impl Passwords for ArgonPasswords {
    fn hash(&self, password: String) -> BoxFuture<'_, Result<PasswordHash, PasswordError>> {
        Box::pin(async move {
            let salt = salt()?;
            let password = normal_password(&password);
            self.blocking(move |argon| hash(argon, password.as_bytes(), &salt))
                .await
        })
    }

    fn verify(
        &self,
        password: String,
        stored: Option<PasswordHash>,
    ) -> BoxFuture<'_, Result<PasswordMatch, PasswordError>> {
        Box::pin(async move {
            let is_somebody = stored.is_some();
            let stored = stored.unwrap_or_else(|| self.decoy.clone());
            let matches = self
                .blocking(move |argon| compare(argon, &password, &stored))
                .await?;
            Ok(if is_somebody {
                matches
            } else {
                PasswordMatch::Wrong
            })
        })
    }
}

// Generates a salt from the operating system's random bytes. The generator of the cryptographic
// library takes as long as a hash to seed itself at its first use.
fn salt() -> Result<SaltString, PasswordError> {
    let mut bytes = [0; SALT_BYTES];
    getrandom::fill(&mut bytes).map_err(|_| PasswordError::Failed)?;
    SaltString::encode_b64(&bytes).map_err(|_| PasswordError::Failed)
}

/// Builds a value with the form of a password hash from random bytes, without the cost of a real
/// hash.
fn decoy(argon: &Argon2<'_>) -> Result<PasswordHash, PasswordError> {
    let mut bytes = [0; Params::DEFAULT_OUTPUT_LEN];
    getrandom::fill(&mut bytes).map_err(|_| PasswordError::Failed)?;
    let salt = salt()?;
    let failed = |_| PasswordError::Failed;
    let hash = Phc {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: argon.params().try_into().map_err(failed)?,
        salt: Some(salt.as_salt()),
        hash: Some(Output::new(&bytes).map_err(failed)?),
    };
    Ok(PasswordHash(hash.to_string()))
}

fn hash(
    argon: &Argon2<'_>,
    password: &[u8],
    salt: &SaltString,
) -> Result<PasswordHash, PasswordError> {
    let hash = argon.hash_password(password, salt);
    let hash = hash.map_err(|_| PasswordError::Failed)?;
    Ok(PasswordHash(hash.to_string()))
}

/// Compares the password in its NFKC form and then as typed, since older hashes are of the typed
/// form. The cost depends on the password alone.
fn compare(
    argon: &Argon2<'_>,
    typed: &str,
    stored: &PasswordHash,
) -> Result<PasswordMatch, PasswordError> {
    let normal = normal_password(typed);
    if verify(argon, &normal, stored)? {
        return Ok(PasswordMatch::Right);
    }
    if normal != typed && verify(argon, typed, stored)? {
        return Ok(PasswordMatch::RightBeforeNormalization);
    }
    Ok(PasswordMatch::Wrong)
}

fn verify(
    argon: &Argon2<'_>,
    password: &str,
    stored: &PasswordHash,
) -> Result<bool, PasswordError> {
    use argon2::password_hash::Error::Password;

    let stored = Phc::new(&stored.0).map_err(|_| PasswordError::Failed)?;
    // The crate reports a truncated hash as a wrong password.
    if stored.hash.is_none() {
        return Err(PasswordError::Failed);
    }
    match argon.verify_password(password.as_bytes(), &stored) {
        Ok(()) => Ok(true),
        Err(Password) => Ok(false),
        // A malformed hash is a server error, not a wrong password.
        Err(_) => Err(PasswordError::Failed),
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Waker};

    use super::*;

    #[tokio::test]
    async fn a_password_opens_its_own_hash_only() {
        let passwords = ArgonPasswords::new().unwrap();
        let hash = passwords.hash("talk-demo".into()).await.unwrap();
        for (typed, found) in [
            ("talk-demo", PasswordMatch::Right),
            ("Talk-demo", PasswordMatch::Wrong),
        ] {
            let verified = passwords.verify(typed.into(), Some(hash.clone())).await;
            assert_eq!(verified.unwrap(), found);
        }
    }

    /// Case 58.
    #[tokio::test]
    async fn a_password_is_the_same_however_its_characters_are_typed() {
        let passwords = ArgonPasswords::new().unwrap();
        let (composed, typed_apart) = ("p\u{e4}ssword", "pa\u{308}ssword");
        for set in [composed, typed_apart] {
            let hash = passwords.hash(set.into()).await.unwrap();
            for typed in [composed, typed_apart] {
                let verified = passwords.verify(typed.into(), Some(hash.clone())).await;
                assert_eq!(verified.unwrap(), PasswordMatch::Right);
            }
        }
    }

    /// Case 58: hashes made before passwords were normalized.
    #[tokio::test]
    async fn a_hash_of_a_password_as_it_was_typed_is_recognised_as_old() {
        let passwords = ArgonPasswords::new().unwrap();
        let (composed, typed_apart) = ("p\u{e4}ssword", "pa\u{308}ssword");
        let old = hash(&passwords.argon, typed_apart.as_bytes(), &salt().unwrap()).unwrap();
        for (typed, found) in [
            (typed_apart, PasswordMatch::RightBeforeNormalization),
            (composed, PasswordMatch::Wrong),
        ] {
            let verified = passwords.verify(typed.into(), Some(old.clone())).await;
            assert_eq!(verified.unwrap(), found);
        }
        let nobody = passwords.verify(typed_apart.into(), None).await;
        assert_eq!(nobody.unwrap(), PasswordMatch::Wrong);
    }

    #[tokio::test]
    async fn the_same_password_is_never_hashed_to_the_same_text() {
        let passwords = ArgonPasswords::new().unwrap();
        let (one, two) = tokio::join!(passwords.hash("same".into()), passwords.hash("same".into()));
        assert_ne!(one.unwrap(), two.unwrap());
    }

    /// AUTH-01 and AUTH-13: the parameters, and the same cost for an unknown username.
    #[tokio::test]
    async fn nobodys_password_costs_what_everybodys_costs() {
        let passwords = ArgonPasswords::new().unwrap();
        let hash = passwords.hash("talk-demo".into()).await.unwrap();
        for hash in [&hash, &passwords.decoy] {
            assert!(hash.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        }
        let verified = passwords.verify("talk-demo".into(), None).await;
        assert_eq!(verified.unwrap(), PasswordMatch::Wrong);
    }

    #[tokio::test]
    async fn a_broken_hash_is_a_fault_and_no_wrong_password() {
        let passwords = ArgonPasswords::new().unwrap();
        let broken = Some(PasswordHash("$argon2id$broken".into()));
        assert!(passwords.verify("talk-demo".into(), broken).await.is_err());
    }

    /// AUTH-13: never more than two at once.
    #[tokio::test]
    async fn a_third_password_waits_for_one_of_the_two_before_it() {
        let passwords = ArgonPasswords::new().unwrap();
        let held = Arc::clone(&passwords.permits)
            .acquire_many_owned(2)
            .await
            .unwrap();
        let mut third = std::pin::pin!(passwords.hash("third".into()));
        let is_waiting = tokio::select! {
            biased;
            _ = &mut third => false,
            () = tokio::task::yield_now() => true,
        };
        assert!(is_waiting);
        drop(held);
        assert!(third.await.is_ok());
    }

    /// A full queue refuses at once, so that nobody waits long.
    #[tokio::test]
    async fn a_hash_is_refused_when_too_many_wait() {
        let passwords = ArgonPasswords::new().unwrap();
        let held = Arc::clone(&passwords.permits).acquire_many_owned(2).await;
        let mut nobody = Context::from_waker(Waker::noop());
        let wait = |_| passwords.verify("guess".into(), None);
        let mut waiting: Vec<_> = (0..MAX_RUNNING + MAX_WAITING).map(wait).collect();
        for verify in &mut waiting {
            assert!(verify.as_mut().poll(&mut nobody).is_pending());
        }
        let refused = passwords.verify("right".into(), None).await;
        assert!(matches!(refused, Err(PasswordError::Busy)));
        drop((waiting, held));
        assert!(passwords.verify("right".into(), None).await.is_ok());
    }
}
