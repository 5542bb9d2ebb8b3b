//! People outside and agents who take part in conversations, as bodies name them.

use conversation_domain::conversation::open;
use conversation_domain::model::address::{Address, AddressKind};
use conversation_domain::participant::add::Newcomer;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use talk_domain::kernel::error::Invalid;
use talk_domain::kernel::text::check_text;

use super::conversation::{FileReference, files};
use crate::id;
use crate::object;
use crate::request::{Owner, Request};
use crate::resource::AGENT;

/// The longest address, and the longest name of its owner, in characters.
const LONGEST: usize = 255;

/// The address of a person outside.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("required" = ["type", "target"]))]
pub struct NamedPeer {
    /// Type.
    #[serde(default, rename = "type")]
    #[schemars(extend("enum" = ["tel", "line", "whatsapp", "email", "webchat"]))]
    pub kind: String,
    /// The number, mailbox or id.
    #[serde(default)]
    #[schemars(extend("maxLength" = LONGEST))]
    pub target: String,
    /// The name of whoever has it.
    #[serde(default)]
    #[schemars(extend("maxLength" = LONGEST))]
    pub target_name: String,
}

impl NamedPeer {
    /// The address; `path` is put before the names of the fields.
    ///
    /// # Errors
    /// `ADDRESS_INVALID`, `LIMIT_EXCEEDED` or `NUL_CHARACTER`.
    pub fn address(self, path: &str) -> Result<Address, Invalid> {
        let invalid = |field: &str, message: &str| {
            Invalid::new(format!("{path}{field}"), "ADDRESS_INVALID", message)
        };
        let known = AddressKind::parse(&self.kind);
        let message = "must be tel, line, whatsapp, email or webchat";
        let kind = known.ok_or_else(|| invalid("type", message))?;
        check_text(&format!("{path}target"), &self.target, LONGEST)?;
        check_text(&format!("{path}target_name"), &self.target_name, LONGEST)?;
        if kind.normalise(&self.target).is_empty() {
            return Err(invalid("target", "must be an address of this type"));
        }
        Ok(Address {
            kind,
            target: self.target,
            target_name: self.target_name,
        })
    }
}

/// Adds an agent to a conversation, or a further person outside where the method has groups.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct AddToConversation {
    /// `agent`; goes together with `owner_id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = [AGENT, null]))]
    pub owner_type: Option<String>,
    /// The agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_id: Option<String>,
    /// A person outside, in place of an agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "NamedPeer")]
    pub address: Option<NamedPeer>,
}

impl AddToConversation {
    /// The participant.
    ///
    /// # Errors
    /// Names the field.
    pub fn newcomer(self) -> Result<Newcomer, Invalid> {
        if let Some(peer) = self.address {
            return Ok(Newcomer::Peer(peer.address("address.")?));
        }
        let owner = Owner {
            owner_type: self.owner_type,
            owner_id: self.owner_id,
        };
        Ok(Newcomer::Agent(owner.agent("")?))
    }
}

impl Request for AddToConversation {
    const REFUSALS: &'static [&'static str] = &[
        "ADDRESS_INVALID",
        "INVALID_ID",
        "LIMIT_EXCEEDED",
        "OWNER_INVALID",
        "OWNER_TYPE_INVALID",
    ];
}

/// Finds the conversation with a person outside, or begins it.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("required" = ["account_id", "peer"]))]
pub struct OpenConversation {
    /// The account to write from.
    #[serde(default)]
    #[schemars(required)]
    pub account_id: Option<String>,
    /// The person outside, by an address of the account's method.
    #[serde(default)]
    pub peer: NamedPeer,
    /// The name of a new conversation; a found one keeps its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A message to send; may be empty.
    #[serde(default)]
    pub text: String,
    /// Files to send with it.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "object::optional_list"
    )]
    #[schemars(extend("x-limit" = "medias"))]
    pub medias: Option<Vec<FileReference>>,
}

impl OpenConversation {
    /// The command.
    ///
    /// # Errors
    /// Names the field.
    pub fn command(self) -> Result<open::OpenConversation, Invalid> {
        Ok(open::OpenConversation {
            account: id::parse_required("account_id", self.account_id.as_deref())?,
            peer: self.peer.address("peer.")?,
            name: self.name,
            text: self.text,
            files: files(self.medias)?,
        })
    }
}

impl Request for OpenConversation {
    const REFUSALS: &'static [&'static str] = &[
        "ADDRESS_INVALID",
        "INVALID_ID",
        "LIMIT_EXCEEDED",
        "MEDIA_FILE_NOT_FOUND",
        "MEDIA_TYPE_INVALID",
    ];
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn newcomer(body: &str) -> Result<Newcomer, (String, &'static str)> {
        let request: AddToConversation = serde_json::from_str(body).unwrap();
        let newcomer = request.newcomer();
        newcomer.map_err(|invalid| (invalid.field, invalid.reason))
    }

    /// CONV-15.
    #[test]
    fn a_participant_is_an_agent_or_an_address() {
        let id = Uuid::from_u128(7);
        let agent = newcomer(&format!(r#"{{"owner_type":"agent","owner_id":"{id}"}}"#));
        assert_eq!(agent, Ok(Newcomer::Agent(id.into())));
        let peer = newcomer(r#"{"address":{"type":"tel","target":"+1 55"}}"#).unwrap();
        assert!(matches!(peer, Newcomer::Peer(address) if address.target == "+1 55"));
        for (body, field, reason) in [
            ("{}", "owner_type", "OWNER_TYPE_INVALID"),
            (r#"{"owner_type":"agent"}"#, "owner_id", "INVALID_ID"),
            (r#"{"address":{}}"#, "address.type", "ADDRESS_INVALID"),
            (
                r#"{"address":{"type":"tel","target":"x"}}"#,
                "address.target",
                "ADDRESS_INVALID",
            ),
        ] {
            assert_eq!(newcomer(body), Err((field.to_owned(), reason)), "{body}");
        }
    }
}
