//! Messages with their reactions, and earlier versions of them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use talk_domain::talk::model::message::Author;
use talk_domain::talk::model::note;
use talk_domain::talk::model::{message, reaction};
use uuid::Uuid;

use crate::resource::{AGENT, Media};
use crate::time;

/// The kinds of system messages.
const NOTES: [&str; 5] = [
    "participant_joined",
    "participant_left",
    "chat_closed",
    "chat_reopened",
    "chat_renamed",
];

/// A message in a chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Message {
    /// Identity.
    pub id: String,
    /// Its customer.
    pub customer_id: String,
    /// `agent`, or `system` for system messages (S-090).
    #[schemars(extend("enum" = [AGENT, "system"]))]
    pub owner_type: String,
    /// The agent; the nil id for system messages.
    pub owner_id: String,
    /// The chat.
    pub chat_id: String,
    /// The message it replies to; absent at top level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<String>,
    /// `normal` or `system`.
    #[serde(rename = "type")]
    #[schemars(extend("enum" = ["normal", "system"]))]
    pub kind: String,
    /// Text; `""` once deleted.
    pub text: String,
    /// Attachments; `[]` once deleted.
    pub medias: Vec<Media>,
    /// Reactions and, on system messages, the announced change.
    pub metadata: Metadata,
    /// Time of creation; strictly rising inside a chat.
    pub tm_create: String,
    /// Time of the last change of text, medias or reactions.
    pub tm_update: String,
    /// Time of deletion; `""` if it is not deleted.
    pub tm_delete: String,
    /// `seq` of the event that created it.
    pub seq: u64,
    /// The first message of its thread; itself at top level.
    pub root_id: String,
    /// 0 at top level.
    pub depth: u32,
    /// Direct replies that are not deleted.
    pub reply_count: u32,
    /// Time of the last edit; `""` for never.
    pub tm_edit: String,
    /// Number of reactions per emoji, under the spelling that was sent first.
    #[serde(default)]
    pub reaction_counts: BTreeMap<String, u32>,
}

/// Metadata of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Metadata {
    /// Reactions in order of their time.
    pub reactions: Vec<Reaction>,
    /// The change that a system message announces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<SystemNote>,
}

/// The change that a system message announces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SystemNote {
    /// The kind of change.
    #[schemars(extend("enum" = NOTES))]
    pub kind: String,
    /// The agent that caused it.
    pub actor_id: String,
    /// The agent that joined or left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject_id: Option<String>,
}

/// An agent's emoji on a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reaction {
    /// As it was sent.
    pub emoji: String,
    /// Always `agent`.
    #[schemars(extend("enum" = [AGENT]))]
    pub owner_type: String,
    /// The agent.
    pub owner_id: String,
    /// When.
    pub tm_create: String,
}

/// An earlier version of an edited message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Revision {
    /// The message.
    pub message_id: String,
    /// Its text.
    pub text: String,
    /// Its attachments.
    pub medias: Vec<Media>,
    /// Time when this version was written.
    pub tm_create: String,
}

impl From<&message::Message> for Message {
    fn from(message: &message::Message) -> Self {
        let (owner_type, owner_id, kind, system) = match &message.author {
            Author::Agent(agent) => (AGENT, agent.0, "normal", None),
            Author::System(note) => ("system", Uuid::nil(), "system", Some(note.into())),
        };
        Self {
            id: message.id.to_string(),
            customer_id: message.customer.to_string(),
            owner_type: owner_type.to_owned(),
            owner_id: owner_id.to_string(),
            chat_id: message.chat.to_string(),
            parent_id: message.parent.map(|id| id.to_string()),
            kind: kind.to_owned(),
            text: message.text.clone(),
            medias: message.medias.iter().map(Media::from).collect(),
            metadata: Metadata {
                reactions: message.reactions.iter().map(Reaction::from).collect(),
                system,
            },
            tm_create: time::format(message.created),
            tm_update: time::format(message.updated),
            tm_delete: time::format_optional(message.deleted),
            seq: message.seq,
            root_id: message.root.to_string(),
            depth: message.depth,
            reply_count: message.reply_count,
            tm_edit: time::format_optional(message.edited),
            reaction_counts: counts(&message.reactions),
        }
    }
}

/// Different spellings of one emoji are counted together.
fn counts(reactions: &[reaction::Reaction]) -> BTreeMap<String, u32> {
    let mut shown = BTreeMap::new();
    let mut counts = BTreeMap::new();
    for reaction in reactions {
        let emoji = &reaction.emoji;
        let first = *shown.entry(emoji.key()).or_insert(emoji.as_str());
        *counts.entry(first.to_owned()).or_insert(0) += 1;
    }
    counts
}

impl From<&note::SystemNote> for SystemNote {
    fn from(note: &note::SystemNote) -> Self {
        Self {
            kind: note.kind.as_str().to_owned(),
            actor_id: note.actor.to_string(),
            subject_id: note.kind.subject().map(|agent| agent.to_string()),
        }
    }
}

impl From<&reaction::Reaction> for Reaction {
    fn from(reaction: &reaction::Reaction) -> Self {
        Self {
            emoji: reaction.emoji.as_str().to_owned(),
            owner_type: AGENT.to_owned(),
            owner_id: reaction.agent.to_string(),
            tm_create: time::format(reaction.created),
        }
    }
}

impl From<&message::Revision> for Revision {
    fn from(revision: &message::Revision) -> Self {
        Self {
            message_id: revision.message.to_string(),
            text: revision.text.clone(),
            medias: revision.medias.iter().map(Media::from).collect(),
            tm_create: time::format(revision.written),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{json, to_string, to_value};
    use talk_domain::talk::model::emoji::Emoji;
    use talk_domain::talk::model::note::SystemKind;
    use talk_domain::testing::{a_message, agent_id, at, message_id};

    #[test]
    fn a_plain_message_shows_every_field_but_the_parent() {
        assert_eq!(
            to_string(&Message::from(&a_message(1))).unwrap(),
            concat!(
                r#"{"id":"00000000-0000-0000-0000-0000000e0001","#,
                r#""customer_id":"00000000-0000-0000-0000-00000000000c","#,
                r#""owner_type":"agent","owner_id":"00000000-0000-0000-0000-0000000a0001","#,
                r#""chat_id":"00000000-0000-0000-0000-0000000b0001","type":"normal","#,
                r#""text":"hello","medias":[],"metadata":{"reactions":[]},"#,
                r#""tm_create":"1970-01-01 00:00:00.000005","#,
                r#""tm_update":"1970-01-01 00:00:00.000005","tm_delete":"","seq":5,"#,
                r#""root_id":"00000000-0000-0000-0000-0000000e0001","depth":0,"reply_count":0,"#,
                r#""tm_edit":"","reaction_counts":{}}"#
            )
        );
    }

    #[test]
    fn spellings_of_one_emoji_are_counted_together() {
        let mut message = a_message(1);
        for (n, emoji) in [(1, "thumbsup"), (2, "👍"), (3, "🎉"), (4, "+1")] {
            message.reactions.push(reaction::Reaction {
                emoji: Emoji::parse(emoji, 64).unwrap(),
                agent: agent_id(n),
                created: at(7),
            });
        }
        let shown = to_value(Message::from(&message)).unwrap();
        assert_eq!(shown["reaction_counts"], json!({"thumbsup": 3, "🎉": 1}));
    }

    #[test]
    fn a_reply_with_a_reaction_names_parent_and_owner() {
        let mut message = a_message(2);
        message.parent = Some(message_id(1));
        message.edited = Some(at(9));
        message.reactions.push(reaction::Reaction {
            emoji: Emoji::parse("thumbsup", 64).unwrap(),
            agent: agent_id(2),
            created: at(7),
        });
        let shown = to_value(Message::from(&message)).unwrap();
        assert_eq!(shown["parent_id"], "00000000-0000-0000-0000-0000000e0001");
        assert_eq!(shown["tm_edit"], "1970-01-01 00:00:00.000009");
        assert_eq!(
            shown["metadata"],
            json!({"reactions": [{
                "emoji": "thumbsup",
                "owner_type": "agent",
                "owner_id": "00000000-0000-0000-0000-0000000a0002",
                "tm_create": "1970-01-01 00:00:00.000007",
            }]})
        );
    }

    #[test]
    fn a_system_message_says_what_happened_and_by_whom() {
        let mut message = a_message(1);
        message.author = Author::System(note::SystemNote {
            kind: SystemKind::ParticipantLeft(agent_id(2)),
            actor: agent_id(1),
        });
        let shown = to_value(Message::from(&message)).unwrap();
        assert_eq!(shown["type"], "system");
        assert_eq!(shown["owner_type"], "system");
        assert_eq!(shown["owner_id"], "00000000-0000-0000-0000-000000000000");
        assert_eq!(
            shown["metadata"],
            json!({"reactions": [], "system": {
                "kind": "participant_left",
                "actor_id": "00000000-0000-0000-0000-0000000a0001",
                "subject_id": "00000000-0000-0000-0000-0000000a0002",
            }})
        );
    }

    #[test]
    fn a_revision_shows_what_was_said_and_when() {
        let revision = message::Revision {
            message: message_id(1),
            text: "helo".into(),
            medias: vec![],
            written: at(5),
        };
        assert_eq!(
            to_string(&Revision::from(&revision)).unwrap(),
            concat!(
                r#"{"message_id":"00000000-0000-0000-0000-0000000e0001","text":"helo","#,
                r#""medias":[],"tm_create":"1970-01-01 00:00:00.000005"}"#
            )
        );
    }
}
