//! The first start: creates the first admin in a database without agents.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use talk_domain::identity::agent::create::{CreateAgent, CreateAgentError, create_agent};
use talk_domain::identity::agent::{check_password, normal_username};
use talk_domain::identity::credentials::Passwords;
use talk_domain::identity::customer::Customer;
use talk_domain::kernel::context::Permission;
use talk_domain::kernel::limits::Limits;
use talk_domain::kernel::store::{Store, Unit};
use talk_domain::kernel::store_error::StoreError;
use talk_domain::talk::unit::Talk;

use crate::failure::Failure;
use crate::installation::{fresh, now, refused};
use crate::settings::Settings;

/// Name of the first admin's customer (RUN-03).
const CUSTOMER: &str = "default";

/// The first admin, from the settings.
pub(crate) struct FirstAdmin {
    username: String,
    password: SecretString,
    limits: Limits,
}

impl FirstAdmin {
    /// Reads and checks the first admin, before anything is created.
    pub(crate) fn from(settings: &Settings) -> Result<Option<Self>, Failure> {
        let (Some(username), Some(password)) =
            (&settings.bootstrap_username, &settings.bootstrap_password)
        else {
            return Ok(None);
        };
        let password_is_good = check_password("bootstrap_password", password.expose_secret());
        password_is_good.map_err(refused)?;
        let limits = settings.limits();
        let username = normal_username(username, &limits)
            .map_err(|error| Failure::Usage(format!("bootstrap_username: {}", error.message)))?;
        Ok(Some(Self {
            username,
            password: password.clone(),
            limits,
        }))
    }
}

/// Creates the first admin in a database without agents.
///
/// # Errors
/// If the database has no agents and the settings name no first admin.
pub(crate) async fn bootstrap(
    store: &Arc<dyn Store<Talk>>,
    passwords: &dyn Passwords,
    settings: &Settings,
) -> Result<(), Failure> {
    let (has_agents, has_customers) = occupied(store).await.map_err(refused)?;
    if has_agents {
        if settings.bootstrap_username.is_some() {
            tracing::info!("the bootstrap settings are ignored: the database has agents");
        }
        return Ok(());
    }
    match FirstAdmin::from(settings)? {
        Some(admin) => create(store, passwords, admin).await,
        None if has_customers => Ok(()),
        None => Err(no_agents()),
    }
}

/// Builds the refusal of a database without agents, which says how to begin.
pub(crate) fn no_agents() -> Failure {
    Failure::Usage(
        "the database is empty: set TALK_BOOTSTRAP_USERNAME and TALK_BOOTSTRAP_PASSWORD for the \
         first admin, or run `talk-server customer create` and `talk-server agent create`"
            .to_owned(),
    )
}

async fn occupied(store: &Arc<dyn Store<Talk>>) -> Result<(bool, bool), StoreError> {
    store
        .read(Unit::installation("bootstrap_check"), |snapshot| {
            let has_agents = snapshot.directory().has_agents()?;
            let has_customers = !snapshot.directory().customers()?.is_empty();
            Ok((has_agents, has_customers))
        })
        .await
}

async fn create(
    store: &Arc<dyn Store<Talk>>,
    passwords: &dyn Passwords,
    admin: FirstAdmin,
) -> Result<(), Failure> {
    let password = admin.password.expose_secret().to_owned();
    let password = passwords.hash(password).await.map_err(refused)?;
    let now = now();
    let customer = Customer::new(fresh(), CUSTOMER, now).map_err(refused)?;
    let command = CreateAgent {
        id: fresh(),
        customer: customer.id,
        username: admin.username.clone(),
        name: String::new(),
        detail: String::new(),
        permission: Permission::Admin,
        password,
    };
    let unit = Unit::of(customer.id, "bootstrap");
    let created = store
        .write(unit, move |uow| {
            // Another server may have created one meanwhile.
            if uow.directory().has_agents()? {
                return Ok(false);
            }
            uow.customers().insert(&customer)?;
            create_agent(uow, None, &command, (now, &admin.limits))?;
            Ok::<_, CreateAgentError>(true)
        })
        .await
        .map_err(refused)?;
    if created {
        tracing::info!(customer = CUSTOMER, "created the first admin");
    }
    Ok(())
}
