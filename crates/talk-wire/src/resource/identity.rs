//! Agents, access keys and customers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use talk_domain::identity::{access_key, agent, customer};
use talk_domain::kernel::id::AgentId;
use talk_domain::kernel::live::Presence;

use crate::time;

/// A person or program that can log in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Agent {
    /// Identity.
    pub id: String,
    /// Its customer.
    pub customer_id: String,
    /// Login name.
    pub username: String,
    /// Display name; may be empty.
    pub name: String,
    /// Free text; may be empty.
    pub detail: String,
    /// 16 agent, 32 customer admin, 64 customer manager.
    #[schemars(extend("enum" = [16, 32, 64]))]
    pub permission: u64,
    /// `active`, or `disabled` if it cannot log in; a deleted agent is `disabled`.
    #[schemars(extend("enum" = ["active", "disabled"]))]
    pub status: String,
    /// Time of creation.
    pub tm_create: String,
    /// Time of the last change.
    pub tm_update: String,
    /// Time of deletion; `""` if it is not deleted.
    pub tm_delete: String,
}

impl From<&agent::Agent> for Agent {
    fn from(agent: &agent::Agent) -> Self {
        Self {
            id: agent.id.to_string(),
            customer_id: agent.customer.to_string(),
            username: agent.username.clone(),
            name: agent.name.clone(),
            detail: agent.detail.clone(),
            permission: agent.permission.code(),
            status: status(agent).as_str().to_owned(),
            tm_create: time::format(agent.created),
            tm_update: time::format(agent.updated),
            tm_delete: time::format_optional(agent.deleted),
        }
    }
}

fn status(agent: &agent::Agent) -> agent::AgentStatus {
    if agent.deleted.is_some() {
        return agent::AgentStatus::Disabled;
    }
    agent.status
}

/// A long-lived secret that acts as its agent (X-26).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccessKey {
    /// Identity.
    pub id: String,
    /// Its customer.
    pub customer_id: String,
    /// The agent it acts as.
    pub agent_id: String,
    /// Display name; may be empty.
    pub name: String,
    /// Free text; may be empty.
    pub detail: String,
    /// The secret, in the answer to its creation only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Its first characters, so that people can recognise it.
    pub token_prefix: String,
    /// Whether an older version derived it from the signing secret. Such a key is valid until it
    /// expires, and should be replaced.
    pub derived: bool,
    /// Time of expiry; `""` for never.
    pub tm_expire: String,
    /// Time of creation.
    pub tm_create: String,
    /// Time of the last change.
    pub tm_update: String,
    /// Time of deletion; `""` if it is not deleted.
    pub tm_delete: String,
}

impl From<&access_key::AccessKey> for AccessKey {
    fn from(key: &access_key::AccessKey) -> Self {
        Self {
            id: key.id.to_string(),
            customer_id: key.customer.to_string(),
            agent_id: key.agent.to_string(),
            name: key.name.clone(),
            detail: key.detail.clone(),
            token: None,
            token_prefix: key.prefix.clone(),
            derived: key.is_derived,
            tm_expire: time::format_optional(key.expires),
            tm_create: time::format(key.created),
            tm_update: time::format(key.updated),
            tm_delete: time::format_optional(key.deleted),
        }
    }
}

/// A tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Customer {
    /// Identity.
    pub id: String,
    /// Display name.
    pub name: String,
    /// Method of the requests to `webhook_uri`; `""` without one. Only admins and managers see both.
    #[schemars(extend("enum" = ["", "POST", "PUT", "GET", "DELETE"]))]
    pub webhook_method: String,
    /// Address that the customer's events are sent to; `""` for none.
    pub webhook_uri: String,
    /// Time of creation.
    pub tm_create: String,
    /// Time of the last change.
    pub tm_update: String,
    /// Always `""`: customers are not deleted.
    pub tm_delete: String,
}

impl From<&customer::Customer> for Customer {
    fn from(customer: &customer::Customer) -> Self {
        Self {
            id: customer.id.to_string(),
            name: customer.name.clone(),
            webhook_method: String::new(),
            webhook_uri: String::new(),
            tm_create: time::format(customer.created),
            tm_update: time::format(customer.updated),
            tm_delete: String::new(),
        }
    }
}

/// The presence of an agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AgentPresence {
    /// The agent.
    pub agent_id: String,
    /// `online`, `away` or `offline`.
    #[schemars(extend("enum" = ["online", "away", "offline"]))]
    pub status: String,
}

impl AgentPresence {
    /// Creates the resource.
    #[must_use]
    pub fn new(agent: AgentId, presence: Presence) -> Self {
        Self {
            agent_id: agent.to_string(),
            status: presence.as_str().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::to_string;
    use talk_domain::kernel::id::AccessKeyId;
    use talk_domain::testing::{agent_id, an_agent, at, customer_id};
    use uuid::Uuid;

    /// Case 80.
    #[test]
    fn a_deleted_agent_is_not_shown_as_active() {
        let deleted = agent::Agent {
            deleted: Some(at(0)),
            ..an_agent(1)
        };
        assert_eq!(Agent::from(&an_agent(1)).status, "active");
        assert_eq!(Agent::from(&deleted).status, "disabled");
    }

    #[test]
    fn an_agent_shows_no_secret() {
        assert_eq!(
            to_string(&Agent::from(&an_agent(1))).unwrap(),
            concat!(
                r#"{"id":"00000000-0000-0000-0000-0000000a0001","#,
                r#""customer_id":"00000000-0000-0000-0000-00000000000c","#,
                r#""username":"agent-1","name":"","detail":"","permission":16,"#,
                r#""status":"active","tm_create":"1970-01-01 00:00:00.000000","#,
                r#""tm_update":"1970-01-01 00:00:00.000000","tm_delete":""}"#
            )
        );
    }

    #[test]
    fn an_access_key_shows_its_token_only_when_it_is_put_in() {
        let key = access_key::AccessKey {
            id: AccessKeyId(Uuid::from_u128(1)),
            customer: customer_id(),
            agent: agent_id(1),
            name: "ci".into(),
            detail: String::new(),
            hash: [0; 32],
            prefix: "vb_12345678".into(),
            is_derived: false,
            expires: None,
            created: at(0),
            updated: at(0),
            deleted: None,
        };
        let mut shown = AccessKey::from(&key);
        let listed = concat!(
            r#"{"id":"00000000-0000-0000-0000-000000000001","#,
            r#""customer_id":"00000000-0000-0000-0000-00000000000c","#,
            r#""agent_id":"00000000-0000-0000-0000-0000000a0001","name":"ci","detail":"","#,
            r#""token_prefix":"vb_12345678","derived":false,"tm_expire":"","#,
            r#""tm_create":"1970-01-01 00:00:00.000000","#,
            r#""tm_update":"1970-01-01 00:00:00.000000","tm_delete":""}"#
        );
        assert_eq!(to_string(&shown).unwrap(), listed);
        shown.token = Some("vb_123456789".into());
        let created = listed.replace(
            r#""token_prefix""#,
            r#""token":"vb_123456789","token_prefix""#,
        );
        assert_eq!(to_string(&shown).unwrap(), created);
    }

    #[test]
    fn a_customer_is_a_name() {
        let customer = customer::Customer::new(customer_id(), "Acme", at(0)).unwrap();
        assert_eq!(
            to_string(&Customer::from(&customer)).unwrap(),
            concat!(
                r#"{"id":"00000000-0000-0000-0000-00000000000c","name":"Acme","#,
                r#""webhook_method":"","webhook_uri":"","#,
                r#""tm_create":"1970-01-01 00:00:00.000000","#,
                r#""tm_update":"1970-01-01 00:00:00.000000","tm_delete":""}"#
            )
        );
    }
}
