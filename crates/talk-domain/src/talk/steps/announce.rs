//! System messages: announcements in a chat, posted in the transaction of the change (S-090).

use crate::identity::agent::Agent;
use crate::kernel::context::Context;
use crate::kernel::store_error::StoreError;
use crate::talk::model::chat::Chat;
use crate::talk::model::message::Author;
use crate::talk::model::note::SystemKind;
use crate::talk::model::note::SystemNote;
use crate::talk::steps::compose::Draft;
use crate::talk::steps::compose::publish;
use crate::talk::unit::TalkUnit;

/// Posts a system message in the locked chat.
pub(crate) fn announce(
    uow: &mut dyn TalkUnit,
    cx: &Context,
    chat: &mut Chat,
    kind: SystemKind,
) -> Result<(), StoreError> {
    let speaker = kind.subject().unwrap_or(cx.actor.agent);
    let agent = uow.agents().get(speaker)?;
    let agent = agent.ok_or_else(|| StoreError::Corrupt(format!("no agent {speaker}").into()))?;
    let text = wording(kind, &agent, chat);
    let note = SystemNote {
        kind,
        actor: cx.actor.agent,
    };
    let draft = Draft {
        author: Author::System(note),
        parent: None,
        text,
        medias: Vec::new(),
    };
    publish(uow, cx, chat, draft).map(drop)
}

/// The words between the name of an agent and the new name of the chat.
const RENAMED: &str = " renamed the conversation to \"";

fn wording(kind: SystemKind, agent: &Agent, chat: &Chat) -> String {
    let name = agent.display_name();
    match kind {
        SystemKind::ParticipantJoined(_) => format!("{name} joined the conversation."),
        SystemKind::ParticipantLeft(_) => format!("{name} left the conversation."),
        SystemKind::ChatClosed => format!("{name} closed the conversation."),
        SystemKind::ChatReopened => format!("{name} reopened the conversation."),
        SystemKind::ChatRenamed => format!("{name}{RENAMED}{}\".", chat.name),
    }
}

/// Returns the text of a system message with the name that its agent has now instead of the earlier
/// one. The name of the chat stays as it was.
pub(crate) fn reworded(kind: SystemKind, agent: &Agent, (chat, text): (&Chat, &str)) -> String {
    // The agent's name may contain these words too, so the last occurrence counts.
    match (kind, text.rfind(RENAMED)) {
        (SystemKind::ChatRenamed, Some(end)) => {
            let rest = text.get(end..).unwrap_or_default();
            format!("{}{rest}", agent.display_name())
        }
        _ => wording(kind, agent, chat),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Scene, a_chat, agent_id, an_agent, context};

    /// RUN-19: nothing of the erased name is left, and the chat's name of that time stays.
    #[test]
    fn a_system_message_is_reworded_for_another_name() {
        let agent = Agent {
            name: "Erased agent".into(),
            ..an_agent(2)
        };
        let tricky = "Bob renamed the conversation to \"x\" renamed the conversation to \"Plan\".";
        for (kind, text, expected) in [
            (
                SystemKind::ParticipantJoined(agent_id(2)),
                "Bob joined the conversation.",
                "Erased agent joined the conversation.",
            ),
            (
                SystemKind::ChatClosed,
                "Bob closed the conversation.",
                "Erased agent closed the conversation.",
            ),
            (
                SystemKind::ChatRenamed,
                "Bob renamed the conversation to \"Plan\".",
                "Erased agent renamed the conversation to \"Plan\".",
            ),
            (
                SystemKind::ChatRenamed,
                tricky,
                "Erased agent renamed the conversation to \"Plan\".",
            ),
        ] {
            assert_eq!(reworded(kind, &agent, (&a_chat(), text)), expected);
        }
    }

    /// S-090: an announcement names its subject and has the caller as its actor.
    #[test]
    fn an_announcement_is_a_message_of_its_own_thread() {
        let mut uow = Scene::new(a_chat()).unit();
        uow.messages.checkpoint();
        let insert = uow.messages.expect_insert().times(1);
        insert
            .withf(|message| {
                let note = SystemNote {
                    kind: SystemKind::ParticipantLeft(agent_id(2)),
                    actor: agent_id(1),
                };
                message.author == Author::System(note)
                    && (message.chat, message.seq) == (a_chat().id, 11)
                    && (message.parent, message.root, message.depth) == (None, message.id, 0)
                    && message.text == "agent-2 left the conversation."
            })
            .returning(|_| Ok(()));
        let (cx, mut chat) = (context(agent_id(1)), a_chat());
        let kind = SystemKind::ParticipantLeft(agent_id(2));
        announce(&mut uow, &cx, &mut chat, kind).unwrap();
        assert_eq!(chat.last.seq, 11);
    }
}
