//! Accounts: a customer's access to one method of talking with people outside.

use talk_domain::kernel::error::Invalid;
use talk_domain::kernel::id::{AccountId, CustomerId};
use talk_domain::kernel::page::{Page, PageRequest};
use talk_domain::kernel::secret::Sealed;
use talk_domain::kernel::store_error::StoreError;
use talk_domain::kernel::time::Timestamp;

use crate::model::address::{Address, AddressKind};
use crate::model::origin::Origin;
use crate::model::provider::Provider;

/// A way of talking with people outside: the `type` of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// SMS and MMS.
    Message,
    /// The chat of a web page.
    Webchat,
}

impl Method {
    const ALL: [Self; 2] = [Self::Message, Self::Webchat];

    /// Its name in answers and at rest.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Webchat => "webchat",
        }
    }

    /// The method with this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str() == name)
    }

    /// The type of the addresses of people outside.
    #[must_use]
    pub const fn peer_kind(self) -> AddressKind {
        match self {
            Self::Message => AddressKind::Tel,
            Self::Webchat => AddressKind::Webchat,
        }
    }

    /// Its name for people, with which the automatic name of a conversation begins.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Message => "SMS",
            Self::Webchat => "Chat",
        }
    }
}

/// The most origins of an account.
pub const MAX_ORIGINS: usize = 32;

/// The sealed secrets of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountSecrets {
    /// The secret that our requests to the provider carry.
    pub token: Option<Sealed>,
    /// A further secret of the provider.
    pub secret: Option<Sealed>,
}

/// Why the provider refuses an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The code of the provider.
    pub code: String,
    /// The reason for people.
    pub reason: String,
    /// Time of the first refusal with this code and reason.
    pub noticed: Timestamp,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Identity.
    pub id: AccountId,
    /// Customer.
    pub customer: CustomerId,
    /// Method.
    pub method: Method,
    /// Name.
    pub name: String,
    /// Detail.
    pub detail: String,
    /// The web pages that may embed a web chat.
    pub origins: Vec<Origin>,
    /// The provider that carries its messages.
    pub provider: Provider,
    /// Own telephone numbers.
    pub numbers: Vec<String>,
    /// The secrets, sealed for the account.
    pub secrets: AccountSecrets,
    /// Why the provider refuses the account; `None` if it does not, or its settings are new.
    pub problem: Option<Problem>,
    /// Time of creation.
    pub created: Timestamp,
    /// Time of the last change.
    pub updated: Timestamp,
}

impl Account {
    /// The own address of its rooms, or the first one. Visitors of a web chat write to the account itself.
    #[must_use]
    pub fn own_address(&self) -> Address {
        let (kind, target) = match self.method {
            Method::Webchat => (AddressKind::Webchat, self.id.to_string()),
            Method::Message => {
                let first = self.numbers.first().cloned();
                (AddressKind::Tel, first.unwrap_or_default())
            }
        };
        Address {
            kind,
            target,
            target_name: self.name.clone(),
        }
    }
}

/// Parses up to [`MAX_ORIGINS`] origins.
///
/// # Errors
/// Names the refused origin by its index, such as `provider_data.origins[0]`.
pub fn parse_origins(origins: &[String]) -> Result<Vec<Origin>, Invalid> {
    const FIELD: &str = "provider_data.origins";
    if origins.len() > MAX_ORIGINS {
        return Err(Invalid::too_long(FIELD, MAX_ORIGINS, "origins"));
    }
    let parse = |(place, origin): (usize, &String)| {
        Origin::parse(origin).ok_or_else(|| {
            let message = "must be a scheme (http or https), a host and possibly a port";
            Invalid::new(format!("{FIELD}[{place}]"), "ORIGIN_INVALID", message)
        })
    };
    origins.iter().enumerate().map(parse).collect()
}

/// Driven port: the accounts of the unit's customer.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait AccountRepository {
    /// Finds an account.
    ///
    /// # Errors
    /// Only when storage fails.
    fn get(&mut self, id: AccountId) -> Result<Option<Account>, StoreError>;

    /// Counts the accounts.
    ///
    /// # Errors
    /// Only when storage fails.
    fn count(&mut self) -> Result<usize, StoreError>;

    /// Stores a new account.
    ///
    /// # Errors
    /// Only when storage fails.
    fn insert(&mut self, account: &Account) -> Result<(), StoreError>;

    /// Stores the changes of an account.
    ///
    /// # Errors
    /// When storage fails, and when the account is not there.
    fn update(&mut self, account: &Account) -> Result<(), StoreError>;

    /// Stores or removes the problem of an account, and nothing else.
    ///
    /// # Errors
    /// When storage fails, and when the account is not there.
    fn mark(&mut self, id: AccountId, problem: Option<Problem>) -> Result<(), StoreError>;

    /// Removes an account.
    ///
    /// # Errors
    /// When storage fails, and when the account is not there.
    fn delete(&mut self, id: AccountId) -> Result<(), StoreError>;
}

/// Driven port: reading the accounts of one customer.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait AccountQueries {
    /// Finds an account.
    ///
    /// # Errors
    /// Only when storage fails.
    fn get(&mut self, id: AccountId) -> Result<Option<Account>, StoreError>;

    /// Finds the account with this id, of any customer. Only for reads of the installation.
    ///
    /// # Errors
    /// Only when storage fails.
    fn find_anywhere(&mut self, id: AccountId) -> Result<Option<Account>, StoreError>;

    /// Returns up to `limit` accounts of all customers that have the provider with this name, ordered by
    /// id. Only for reads of the installation.
    ///
    /// # Errors
    /// Only when storage fails.
    fn of_provider(&mut self, name: &str, limit: u32) -> Result<Vec<Account>, StoreError>;

    /// Returns whether any account of any customer has sealed secrets. Only for reads of the
    /// installation.
    ///
    /// # Errors
    /// Only when storage fails.
    fn any_sealed(&mut self) -> Result<bool, StoreError>;

    /// Lists the accounts, ordered by `(created, id)`.
    ///
    /// # Errors
    /// Only when storage fails.
    fn page(&mut self, request: PageRequest) -> Result<Page<Account>, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CONV-11.
    #[test]
    fn an_account_has_at_most_32_origins() {
        let origins = vec!["https://e.test".to_owned(); MAX_ORIGINS];
        assert_eq!(parse_origins(&origins).unwrap().len(), MAX_ORIGINS);
        let refused = parse_origins(&[origins, vec![String::new()]].concat()).unwrap_err();
        assert_eq!(refused.limit, Some(32));
        let refused = parse_origins(&["https://e.test".into(), "e.test".into()]).unwrap_err();
        let said = (&*refused.field, refused.reason);
        assert_eq!(said, ("provider_data.origins[1]", "ORIGIN_INVALID"));
    }

    #[test]
    fn methods_are_read_by_their_names() {
        for method in Method::ALL {
            assert_eq!(Method::parse(method.as_str()), Some(method));
        }
        assert_eq!(Method::parse("fax"), None);
        assert_eq!(Method::ALL.map(Method::title), ["SMS", "Chat"]);
    }
}
