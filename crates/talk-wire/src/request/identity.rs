//! Bodies about logins, agents and access keys. The types that hold secrets print none.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use talk_domain::identity::access_key::create::MAX_LIFETIME_SECONDS;
use talk_domain::identity::agent::{
    AgentStatus, PASSWORD_LENGTH, PasswordHash, check_password, create, normal_username, update,
};
use talk_domain::kernel::context::Permission;
use talk_domain::kernel::error::Invalid;
use talk_domain::kernel::id::{AgentId, CustomerId};
use talk_domain::kernel::limits::Limits;
use talk_domain::kernel::text::check_text;

use super::Request;
use crate::schema::USERNAME;

/// Logs in.
#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("required" = ["username", "password"]))]
pub struct Login {
    /// The account.
    #[serde(default)]
    #[schemars(extend("minLength" = 1))]
    pub username: String,
    /// Its password.
    #[serde(default)]
    #[schemars(extend("minLength" = 1))]
    pub password: String,
}

/// The answer to a login.
#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct LoginAnswer {
    /// The account.
    pub username: String,
    /// The login token.
    pub token: String,
}

/// Changes one's own password.
#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("required" = ["old_password", "new_password"]))]
pub struct ChangePassword {
    /// The current password.
    #[serde(default)]
    #[schemars(extend("minLength" = 1))]
    pub old_password: String,
    /// The new password.
    #[serde(default)]
    #[schemars(extend("minLength" = PASSWORD_LENGTH.start(), "maxLength" = PASSWORD_LENGTH.end()))]
    pub new_password: String,
    /// Whether the caller's access keys end too.
    #[serde(default)]
    pub revoke_accesskeys: Option<bool>,
}

/// Creates an agent.
#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("required" = ["username", "password"]))]
pub struct CreateAgent {
    /// Unique over the installation without case: 1 to 255 characters after NFKC, none of them
    /// white space or invisible.
    #[serde(default)]
    #[schemars(extend("x-limit" = "name", "pattern" = USERNAME))]
    pub username: String,
    /// 8 to 128 characters after NFKC.
    #[serde(default)]
    #[schemars(extend("minLength" = PASSWORD_LENGTH.start(), "maxLength" = PASSWORD_LENGTH.end()))]
    pub password: String,
    /// Display name.
    #[serde(default)]
    pub name: Option<String>,
    /// Free text.
    #[serde(default)]
    pub detail: Option<String>,
    /// 16 (default), 32 or 64.
    #[serde(default)]
    #[schemars(extend("enum" = [16, 32, 64, null]))]
    pub permission: Option<u64>,
}

/// A checked new agent whose password is not hashed yet.
pub struct NewAgent {
    /// The password in clear.
    pub password: String,
    username: String,
    name: String,
    detail: String,
    permission: Permission,
}

/// Changes an agent; absent fields stay unchanged. At least one of the fields must be there.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct UpdateAgent {
    /// The new name.
    #[serde(default)]
    pub name: Option<String>,
    /// The new detail.
    #[serde(default)]
    pub detail: Option<String>,
    /// 16, 32 or 64.
    #[serde(default)]
    #[schemars(extend("enum" = [16, 32, 64, null]))]
    pub permission: Option<u64>,
    /// `active` or `disabled`.
    #[serde(default)]
    #[schemars(extend("enum" = ["active", "disabled", null]))]
    pub status: Option<String>,
}

/// Creates an access key.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct CreateAccessKey {
    /// Display name.
    #[serde(default)]
    pub name: Option<String>,
    /// Free text.
    #[serde(default)]
    pub detail: Option<String>,
    /// Seconds until it expires; absent for never. A key that expires creates no key that expires
    /// later.
    #[serde(default)]
    #[schemars(extend("minimum" = 1, "maximum" = MAX_LIFETIME_SECONDS))]
    pub expire: Option<u32>,
}

impl CreateAgent {
    /// Checks everything before the slow hashing of the password.
    ///
    /// # Errors
    /// Names the invalid field.
    pub fn check(self, limits: &Limits) -> Result<NewAgent, Invalid> {
        let username = normal_username(&self.username, limits)?;
        check_password("password", &self.password)?;
        let (name, detail) = (
            self.name.unwrap_or_default(),
            self.detail.unwrap_or_default(),
        );
        check_text("name", &name, limits.name)?;
        check_text("detail", &detail, limits.detail)?;
        let permission = self.permission.map(Permission::from_code).transpose()?;
        Ok(NewAgent {
            password: self.password,
            username,
            name,
            detail,
            permission: permission.unwrap_or(Permission::Agent),
        })
    }
}

impl NewAgent {
    /// The command.
    #[must_use]
    pub fn command(
        self,
        id: AgentId,
        customer: CustomerId,
        password: PasswordHash,
    ) -> create::CreateAgent {
        create::CreateAgent {
            id,
            customer,
            username: self.username,
            name: self.name,
            detail: self.detail,
            permission: self.permission,
            password,
        }
    }
}

impl UpdateAgent {
    /// The command.
    ///
    /// # Errors
    /// `PERMISSION_INVALID` or `STATUS_INVALID`.
    pub fn command(self, agent: AgentId) -> Result<update::UpdateAgent, Invalid> {
        Ok(update::UpdateAgent {
            agent,
            name: self.name,
            detail: self.detail,
            permission: self.permission.map(Permission::from_code).transpose()?,
            status: self.status.as_deref().map(AgentStatus::parse).transpose()?,
            even_last_admin: false,
        })
    }
}

impl Request for Login {
    const REFUSALS: &'static [&'static str] = &["FIELD_REQUIRED"];
}

impl Request for ChangePassword {
    const REFUSALS: &'static [&'static str] = &["PASSWORD_INVALID"];
}

impl Request for CreateAgent {
    const REFUSALS: &'static [&'static str] = &[
        "LIMIT_EXCEEDED",
        "PASSWORD_INVALID",
        "PERMISSION_INVALID",
        "USERNAME_INVALID",
        "USERNAME_REQUIRED",
    ];
}

impl Request for UpdateAgent {
    const REFUSALS: &'static [&'static str] =
        &["LIMIT_EXCEEDED", "PERMISSION_INVALID", "STATUS_INVALID"];
}

impl Request for CreateAccessKey {
    const REFUSALS: &'static [&'static str] = &["EXPIRE_INVALID", "LIMIT_EXCEEDED"];
}

#[cfg(test)]
mod tests {
    use super::*;

    fn create(body: &str) -> Result<NewAgent, Invalid> {
        let request: CreateAgent = serde_json::from_str(body).unwrap();
        request.check(&Limits::default())
    }

    #[test]
    fn a_new_agent_is_checked_before_anything_is_hashed() {
        for (body, field) in [
            ("{}", "username"),
            (r#"{"username":"dave"}"#, "password"),
            (r#"{"username":"dave","password":"short"}"#, "password"),
            (
                r#"{"username":"da ve","password":"long enough"}"#,
                "username",
            ),
            (
                r#"{"username":"dave","password":"long enough","permission":1}"#,
                "permission",
            ),
        ] {
            assert_eq!(create(body).err().unwrap().field, field, "{body}");
        }
        let new = create(r#"{"username":"dave","password":"long enough"}"#)
            .ok()
            .unwrap();
        assert_eq!(new.permission, Permission::Agent);
    }

    #[test]
    fn an_unknown_status_is_refused() {
        let request: UpdateAgent = serde_json::from_str(r#"{"status":"away"}"#).unwrap();
        let refused = request.command(AgentId(uuid::Uuid::nil())).unwrap_err();
        assert_eq!(refused.reason, "STATUS_INVALID");
    }
}
