//! Use case: create an account.

use talk_domain::kernel::context::Context;
use talk_domain::kernel::error::{Invalid, refusals};
use talk_domain::kernel::id::AccountId;
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::text::check_text;

use crate::access::{NotAdmin, check_admin};
use crate::model::account::{Account, AccountSecrets};
use crate::model::origin::Origin;
use crate::model::provider::{Provider, check_numbers};
use crate::unit::ConversationUnit;

/// The settings of an account that a request can choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Name.
    pub name: String,
    /// Detail.
    pub detail: String,
    /// The web pages that may embed a web chat.
    pub origins: Vec<Origin>,
    /// The provider.
    pub provider: Provider,
    /// Own telephone numbers.
    pub numbers: Vec<String>,
    /// The sealed secrets.
    pub secrets: AccountSecrets,
}

impl Wanted {
    /// Checks texts, settings and secrets.
    pub(crate) fn check(&self, cx: &Context) -> Result<(), Invalid> {
        check_text("name", &self.name, cx.limits.name)?;
        check_text("detail", &self.detail, cx.limits.detail)?;
        self.provider.check()?;
        check_numbers(&self.numbers, self.provider.is_remote())?;
        if self.provider.is_remote() && self.secrets.token.is_none() {
            return Err(Invalid::new("token", "ACCOUNT_TOKEN_MISSING", "is missing"));
        }
        Ok(())
    }
}

/// The command. The id is made before the secrets, which are sealed for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateAccount {
    /// Identity of the new account.
    pub id: AccountId,
    /// Settings.
    pub wanted: Wanted,
}

refusals! {
    /// Refusals of [`create_account`].
    pub enum CreateAccountError {
        TooMany = FailedPrecondition "ACCOUNT_LIMIT" "the customer has as many accounts as it may have",
        ..NotAdmin(NotAdmin),
        ..Invalid(Invalid),
        ..Store(StoreError),
    }
}

/// Creates an account, unless the customer has `limit` of them.
///
/// # Errors
/// See [`CreateAccountError`].
pub fn create_account(
    uow: &mut dyn ConversationUnit,
    cx: &Context,
    command: &CreateAccount,
    limit: usize,
) -> Result<Account, CreateAccountError> {
    check_admin(cx)?;
    command.wanted.check(cx)?;
    if uow.accounts().count()? >= limit {
        return Err(CreateAccountError::TooMany);
    }
    let wanted = command.wanted.clone();
    let account = Account {
        id: command.id,
        customer: cx.actor.customer,
        method: wanted.provider.method(),
        name: wanted.name,
        detail: wanted.detail,
        origins: wanted.origins,
        provider: wanted.provider,
        numbers: wanted.numbers,
        secrets: wanted.secrets,
        problem: None,
        created: cx.now,
        updated: cx.now,
    };
    uow.accounts().insert(&account)?;
    Ok(account)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::account::Method;
    use crate::testing::{MockUnit, a_twilio, a_wanted_account, account_id};
    use talk_domain::kernel::secret::Sealed;
    use talk_domain::testing::{admin_context, agent_id, context};

    fn create(cx: &Context, wanted: Wanted, others: usize) -> Result<Account, CreateAccountError> {
        let mut uow = MockUnit::default();
        uow.accounts.expect_count().returning(move || Ok(others));
        uow.accounts.expect_insert().returning(|_| Ok(()));
        let command = CreateAccount {
            id: account_id(1),
            wanted,
        };
        create_account(&mut uow, cx, &command, 2)
    }

    /// CONV-11.
    #[test]
    fn an_admin_creates_an_account_up_to_the_limit() {
        let admin = admin_context(agent_id(1));
        let made = create(&admin, a_wanted_account(), 1).unwrap();
        assert_eq!((made.method, made.name), (Method::Webchat, "Help".into()));
        assert_eq!(made.customer, admin.actor.customer);
        let refused = create(&admin, a_wanted_account(), 2);
        assert!(matches!(refused, Err(CreateAccountError::TooMany)));
    }

    /// CONV-30.
    #[test]
    fn an_account_of_a_provider_has_its_token_and_a_number() {
        let admin = admin_context(agent_id(1));
        let wanted = |token: Option<Sealed>, numbers: &[&str]| Wanted {
            provider: a_twilio(),
            numbers: numbers.iter().map(ToString::to_string).collect(),
            secrets: AccountSecrets {
                token,
                secret: None,
            },
            ..a_wanted_account()
        };
        let token = Some(Sealed(vec![1]));
        let made = create(&admin, wanted(token.clone(), &["+1"]), 0).unwrap();
        assert_eq!(
            (made.method, &made.secrets.token),
            (Method::Message, &token)
        );
        for (wrong, field) in [
            (wanted(None, &["+1"]), "token"),
            (wanted(token, &[]), "provider_data.numbers"),
        ] {
            let Err(CreateAccountError::Invalid(refused)) = create(&admin, wrong, 0) else {
                panic!("{field}");
            };
            assert_eq!(refused.field, field);
        }
    }

    /// CONV-11.
    #[test]
    fn an_agent_and_a_text_that_is_too_long_are_refused() {
        let refused = create(&context(agent_id(1)), a_wanted_account(), 0);
        assert!(matches!(refused, Err(CreateAccountError::NotAdmin(_))));
        let wanted = Wanted {
            detail: "x".repeat(4_097),
            ..a_wanted_account()
        };
        let refused = create(&admin_context(agent_id(1)), wanted, 0);
        let Err(CreateAccountError::Invalid(refused)) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!((&*refused.field, refused.limit), ("detail", Some(4_096)));
    }
}
