//! References to agents in bodies: `owner_type` and `owner_id`, as today's endpoints document, or
//! bare ids, as the deprecated ones do. Every endpoint accepts both forms (OLD-02, case 79).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use talk_domain::kernel::error::Invalid;
use talk_domain::kernel::id::AgentId;

use super::Request;
use crate::id;
use crate::resource::AGENT;

/// Names an agent as a participant.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("required" = ["owner_type", "owner_id"]))]
pub struct Owner {
    /// `agent`.
    #[serde(default)]
    #[schemars(required, extend("enum" = [AGENT]))]
    pub owner_type: Option<String>,
    /// The agent.
    #[serde(default)]
    #[schemars(required)]
    pub owner_id: Option<String>,
}

impl Owner {
    /// The agent; `path` is put before the names of the fields.
    ///
    /// # Errors
    /// `OWNER_TYPE_INVALID` or `INVALID_ID`.
    pub fn agent(&self, path: &str) -> Result<AgentId, Invalid> {
        if self.owner_type.as_deref() != Some(AGENT) {
            return Err(Invalid::new(
                format!("{path}owner_type"),
                "OWNER_TYPE_INVALID",
                "must be agent",
            ));
        }
        id::parse_required(&format!("{path}owner_id"), self.owner_id.as_deref())
    }

    /// Checks that no field that is given contradicts `agent`.
    fn check_names(&self, agent: AgentId) -> Result<(), Invalid> {
        let named = Self {
            owner_type: Some(self.owner_type.clone().unwrap_or_else(|| AGENT.to_owned())),
            owner_id: Some(self.owner_id.clone().unwrap_or_else(|| agent.to_string())),
        };
        if named.agent("")? == agent {
            return Ok(());
        }
        let message = "must be the same agent as owner_id";
        Err(Invalid::new("agent_id", "AGENTS_DIFFER", message))
    }
}

/// Adds one agent to a chat, named in either form; both may be given if they name the same agent.
/// A field that is null or empty counts as absent.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct AddParticipant {
    /// `agent`; goes together with `owner_id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = [AGENT, null]))]
    pub owner_type: Option<String>,
    /// The agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_id: Option<String>,
    /// The agent, in place of `owner_type` and `owner_id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
}

/// The form in which an endpoint documents agents: its refusals name the fields of that form when a
/// body names nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `owner_type` and `owner_id`.
    Owner,
    /// `agent_id`.
    AgentId,
}

impl AddParticipant {
    /// The agent.
    ///
    /// # Errors
    /// `OWNER_TYPE_INVALID`, `INVALID_ID`, or `AGENTS_DIFFER` if the two forms name different
    /// agents.
    pub fn agent(self, documented: Form) -> Result<AgentId, Invalid> {
        let given = |field: Option<String>| field.filter(|text| !text.is_empty());
        let agent_id = given(self.agent_id);
        let owner = Owner {
            owner_type: given(self.owner_type),
            owner_id: given(self.owner_id),
        };
        let names_nobody = agent_id.is_none() && owner.owner_id.is_none();
        if agent_id.is_some() || (names_nobody && documented == Form::AgentId) {
            let agent = id::parse_required("agent_id", agent_id.as_deref())?;
            owner.check_names(agent)?;
            return Ok(agent);
        }
        owner.agent("")
    }
}

/// The agents that `participants` and `participant_ids` name, in this order, at most `limit` in both
/// lists together.
///
/// # Errors
/// `LIMIT_EXCEEDED` with the name of the list that goes beyond the limit, or what [`Owner::agent`]
/// says.
pub(crate) fn named(
    participants: Option<&[Owner]>,
    participant_ids: Option<&[String]>,
    limit: usize,
) -> Result<Vec<AgentId>, Invalid> {
    let (owners, ids) = (
        participants.unwrap_or_default(),
        participant_ids.unwrap_or_default(),
    );
    let too_long = |field| Err(Invalid::too_long(field, limit, "participants"));
    if owners.len() > limit {
        return too_long("participants");
    }
    if owners.len() + ids.len() > limit {
        return too_long("participant_ids");
    }
    let owners = owners.iter().enumerate();
    let owners = owners.map(|(i, owner)| owner.agent(&format!("participants[{i}].")));
    let ids = ids.iter().enumerate();
    let ids = ids.map(|(i, agent)| id::parse(&format!("participant_ids[{i}]"), agent));
    owners.chain(ids).collect()
}

impl Request for AddParticipant {
    const REFUSALS: &'static [&'static str] =
        &["AGENTS_DIFFER", "INVALID_ID", "OWNER_TYPE_INVALID"];
}

#[cfg(test)]
mod tests {
    use super::*;
    use talk_domain::testing::agent_id;

    fn added(body: &str) -> Result<AgentId, Invalid> {
        serde_json::from_str::<AddParticipant>(body)
            .unwrap()
            .agent(Form::Owner)
    }

    /// Case 79.
    #[test]
    fn an_agent_is_added_by_either_name() {
        let (one, two) = (agent_id(1), agent_id(2));
        let owner = format!(r#""owner_type":"agent","owner_id":"{one}""#);
        for body in [
            format!("{{{owner}}}"),
            format!(r#"{{"agent_id":"{one}"}}"#),
            format!(r#"{{{owner},"agent_id":"{one}"}}"#),
        ] {
            assert_eq!(added(&body), Ok(one), "{body}");
        }
        let differing = added(&format!(r#"{{{owner},"agent_id":"{two}"}}"#)).unwrap_err();
        assert_eq!(
            (differing.reason, &*differing.field),
            ("AGENTS_DIFFER", "agent_id")
        );
        for (body, field) in [
            ("{}".to_owned(), "owner_type"),
            (
                r#"{"agent_id":"","owner_id":null}"#.to_owned(),
                "owner_type",
            ),
            (r#"{"agent_id":"7"}"#.to_owned(), "agent_id"),
            (
                format!(r#"{{"owner_type":"customer","agent_id":"{one}"}}"#),
                "owner_type",
            ),
        ] {
            assert_eq!(added(&body).unwrap_err().field, field, "{body}");
        }
        let nobody = AddParticipant::default().agent(Form::AgentId);
        assert_eq!(nobody.unwrap_err().field, "agent_id");
    }

    /// Case 79.
    #[test]
    fn both_lists_count_together() {
        let owner = Owner {
            owner_type: Some(AGENT.to_owned()),
            owner_id: Some(agent_id(1).to_string()),
        };
        let ids = [agent_id(2).to_string(), agent_id(3).to_string()];
        let owners = std::slice::from_ref(&owner);
        let all = named(Some(owners), Some(&ids), 3).unwrap();
        assert_eq!(all, [agent_id(1), agent_id(2), agent_id(3)]);
        let refused = named(Some(owners), Some(&ids), 2).unwrap_err();
        assert_eq!(
            (&*refused.field, refused.limit),
            ("participant_ids", Some(2))
        );
        let refused = named(Some(owners), None, 0).unwrap_err();
        assert_eq!((&*refused.field, refused.limit), ("participants", Some(0)));
        assert!(named(None, None, 0).unwrap().is_empty());
    }
}
