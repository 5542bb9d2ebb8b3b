//! Use cases: set, show and remove the intercept at a point.

use crate::hooks::access::{NotAdmin, check_admin};
use crate::hooks::intercept::{DEFAULT_TIMEOUT_MS, Intercept, MAX_TIMEOUT_MS, OnError, Point};
use crate::hooks::secret::EndpointSecrets;
use crate::hooks::unit::{HooksSnapshot, HooksUnit};
use crate::hooks::uri::check_uri;
use crate::kernel::context::Context;
use crate::kernel::error::{Invalid, refusals};
use crate::kernel::secret::Sealed;
use crate::kernel::store_error::StoreError;

/// The secret of an intercept that is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewSecret {
    /// A secret that the customer chose. It replaces an earlier one.
    Given(Sealed),
    /// A random secret, which is used only if the intercept has none yet.
    Made(Sealed),
}

/// The command; `None` keeps a setting, or means its default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetIntercept {
    /// The point.
    pub point: Point,
    /// Address.
    pub uri: Option<String>,
    /// Milliseconds for an answer.
    pub timeout_ms: Option<u32>,
    /// The decision if there is no valid answer.
    pub on_error: Option<OnError>,
    /// Whether it is called.
    pub is_enabled: Option<bool>,
    /// Its secret.
    pub secret: NewSecret,
}

/// An intercept that was set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Set {
    /// The intercept.
    pub intercept: Intercept,
    /// Whether the secret that was [made](NewSecret::Made) is in use now.
    pub has_new_secret: bool,
}

refusals! {
    /// Refusals of [`set_intercept`].
    pub enum SetInterceptError {
        ..NotAdmin(NotAdmin),
        ..Invalid(Invalid),
        ..Store(StoreError),
    }
}

refusals! {
    /// Refusals of [`show_intercept`] and [`remove_intercept`].
    pub enum InterceptError {
        NoSuchIntercept = NotFound "INTERCEPT_NOT_FOUND" "the customer has no intercept at this point",
        ..NotAdmin(NotAdmin),
        ..Store(StoreError),
    }
}

/// Sets the intercept at a point: creates it, or changes its settings. A secret that is replaced signs
/// for a day beside the new one.
///
/// # Errors
/// See [`SetInterceptError`].
pub fn set_intercept(
    uow: &mut dyn HooksUnit,
    cx: &Context,
    command: &SetIntercept,
    allows_http: bool,
) -> Result<Set, SetInterceptError> {
    check_admin(cx)?;
    let before = uow.intercepts().get(command.point)?;
    let required = || Invalid::new("uri", "FIELD_REQUIRED", "is required");
    let uri = command.uri.clone();
    let uri = uri.or_else(|| before.as_ref().map(|before| before.uri.clone()));
    let uri = uri.ok_or_else(required)?;
    check_uri("uri", &uri, allows_http)?;
    let timeout_ms = command
        .timeout_ms
        .or(before.as_ref().map(|one| one.timeout_ms));
    let timeout_ms = timeout_ms.unwrap_or(DEFAULT_TIMEOUT_MS);
    check_timeout(timeout_ms)?;
    let has_new_secret = before.is_none() && matches!(command.secret, NewSecret::Made(_));
    let on_error = command.on_error.or(before.as_ref().map(|one| one.on_error));
    let is_enabled = command
        .is_enabled
        .or(before.as_ref().map(|one| one.is_enabled));
    let intercept = Intercept {
        customer: cx.actor.customer,
        point: command.point,
        uri,
        secrets: secrets(cx, before.as_ref(), &command.secret),
        timeout_ms,
        on_error: on_error.unwrap_or_default(),
        is_enabled: is_enabled.unwrap_or(true),
        created: before.as_ref().map_or(cx.now, |one| one.created),
        updated: before
            .as_ref()
            .map_or(cx.now, |one| cx.now.max(one.updated.next())),
    };
    uow.intercepts().put(&intercept)?;
    Ok(Set {
        intercept,
        has_new_secret,
    })
}

fn check_timeout(timeout_ms: u32) -> Result<(), Invalid> {
    if (1..=MAX_TIMEOUT_MS).contains(&timeout_ms) {
        return Ok(());
    }
    Err(Invalid {
        limit: Some(MAX_TIMEOUT_MS.into()),
        ..Invalid::new("timeout_ms", "LIMIT_EXCEEDED", "must be 1 to 5000")
    })
}

fn secrets(cx: &Context, before: Option<&Intercept>, new: &NewSecret) -> EndpointSecrets {
    match (before, new) {
        (Some(before), NewSecret::Given(sealed)) => {
            before.secrets.clone().rotated(sealed.clone(), cx.now)
        }
        (Some(before), NewSecret::Made(_)) => before.secrets.clone(),
        (None, NewSecret::Given(sealed) | NewSecret::Made(sealed)) => {
            EndpointSecrets::first(sealed.clone())
        }
    }
}

/// Shows the intercept at a point.
///
/// # Errors
/// See [`InterceptError`].
pub fn show_intercept(
    snapshot: &mut dyn HooksSnapshot,
    point: Point,
) -> Result<Intercept, InterceptError> {
    let found = snapshot.intercepts().get(point)?;
    found.ok_or(InterceptError::NoSuchIntercept)
}

/// Removes the intercept at a point and returns what it was. Messages that it held stay held.
///
/// # Errors
/// See [`InterceptError`].
pub fn remove_intercept(
    uow: &mut dyn HooksUnit,
    cx: &Context,
    point: Point,
) -> Result<Intercept, InterceptError> {
    check_admin(cx)?;
    let found = uow.intercepts().get(point)?;
    let intercept = found.ok_or(InterceptError::NoSuchIntercept)?;
    uow.intercepts().remove(point)?;
    Ok(intercept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MockUnitOfWork, admin_context, agent_id, an_intercept, at, context};

    fn sealed(n: u8) -> Sealed {
        Sealed(vec![n])
    }

    fn command() -> SetIntercept {
        SetIntercept {
            point: Point::TalkMessage,
            uri: Some("https://e.test/".into()),
            timeout_ms: None,
            on_error: None,
            is_enabled: None,
            secret: NewSecret::Made(sealed(7)),
        }
    }

    fn set(before: Option<Intercept>, command: &SetIntercept) -> Result<Set, SetInterceptError> {
        let mut uow = MockUnitOfWork::default();
        let get = uow.intercepts.expect_get();
        get.returning(move |_| Ok(before.clone()));
        uow.intercepts.expect_put().returning(|_| Ok(()));
        set_intercept(&mut uow, &admin_context(agent_id(1)), command, false)
    }

    /// INT-01.
    #[test]
    fn an_intercept_is_created_with_defaults_and_a_new_secret() {
        let made = set(None, &command()).unwrap();
        assert!(made.has_new_secret && made.intercept.is_enabled);
        let rest = (made.intercept.timeout_ms, made.intercept.on_error);
        assert_eq!(rest, (1_500, OnError::Allow));
        assert_eq!(made.intercept.secrets.current, sealed(7));
    }

    /// INT-01: what is absent stays, the secret too.
    #[test]
    fn a_change_keeps_what_it_does_not_name() {
        let before = Intercept {
            timeout_ms: 9,
            on_error: OnError::Hold,
            is_enabled: false,
            ..an_intercept()
        };
        let change = SetIntercept {
            uri: None,
            ..command()
        };
        let kept = set(Some(before.clone()), &change).unwrap();
        assert!(!kept.has_new_secret);
        let updated = kept.intercept.updated;
        assert!(updated > before.updated);
        assert_eq!(kept.intercept, Intercept { updated, ..before });
    }

    /// INT-01 and HOOK-04.
    #[test]
    fn a_given_secret_replaces_the_one_before_after_a_day() {
        let given = SetIntercept {
            secret: NewSecret::Given(sealed(8)),
            ..command()
        };
        let set = set(Some(an_intercept()), &given).unwrap();
        let old = an_intercept().secrets.current;
        assert_eq!(
            set.intercept.secrets.signing(at(1_000_001)),
            [&sealed(8), &old]
        );
        assert!(!set.has_new_secret);
    }

    /// INT-01.
    #[test]
    fn a_missing_address_and_a_long_time_are_refused() {
        let no_uri = SetIntercept {
            uri: None,
            ..command()
        };
        let http = SetIntercept {
            uri: Some("http://e.test/".into()),
            ..command()
        };
        let slow = |timeout_ms| SetIntercept {
            timeout_ms: Some(timeout_ms),
            ..command()
        };
        for (command, field) in [
            (no_uri, "uri"),
            (http, "uri"),
            (slow(0), "timeout_ms"),
            (slow(5_001), "timeout_ms"),
        ] {
            let Err(SetInterceptError::Invalid(invalid)) = set(None, &command) else {
                panic!("{field} is accepted")
            };
            assert_eq!(invalid.field, field);
        }
        assert!(set(None, &slow(5_000)).is_ok());
    }

    /// INT-02.
    #[test]
    fn an_agent_sets_and_removes_no_intercept() {
        let mut uow = MockUnitOfWork::default();
        let cx = context(agent_id(1));
        let set = set_intercept(&mut uow, &cx, &command(), false);
        assert!(matches!(set, Err(SetInterceptError::NotAdmin(_))));
        let removed = remove_intercept(&mut uow, &cx, Point::TalkMessage);
        assert!(matches!(removed, Err(InterceptError::NotAdmin(_))));
    }

    #[test]
    fn an_intercept_is_removed_once() {
        let mut uow = MockUnitOfWork::default();
        let get = uow.intercepts.expect_get();
        get.times(1).returning(|_| Ok(Some(an_intercept())));
        uow.intercepts
            .expect_remove()
            .times(1)
            .returning(|_| Ok(()));
        let cx = admin_context(agent_id(1));
        let removed = remove_intercept(&mut uow, &cx, Point::TalkMessage);
        assert_eq!(removed.unwrap(), an_intercept());
        uow.intercepts.expect_get().returning(|_| Ok(None));
        let again = remove_intercept(&mut uow, &cx, Point::TalkMessage);
        assert!(matches!(again, Err(InterceptError::NoSuchIntercept)));
    }
}
