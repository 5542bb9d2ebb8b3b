//! Use case: show a chat.

use crate::kernel::context::Actor;
use crate::kernel::id::ChatId;
use crate::talk::access::{AccessError, Placed, view_card};
use crate::talk::model::chat::Chat;
use crate::talk::unit::TalkSnapshot;

/// Shows a chat to its participants, and a channel to every agent of the customer.
///
/// # Errors
/// See [`AccessError`].
pub fn show_chat(
    snapshot: &mut dyn TalkSnapshot,
    actor: Actor,
    id: ChatId,
) -> Result<Placed<Chat>, AccessError> {
    let chat = view_card(snapshot, actor, id)?;
    Ok(Placed::new(chat.clone(), &chat))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::talk::model::chat::ChatKind;
    use crate::testing::{a_chat, actor, agent_id, seen};

    /// CHAT-08 and X-17.
    #[test]
    fn a_chat_is_shown_to_its_participants_and_a_channel_to_everybody() {
        let channel = Chat {
            kind: ChatKind::Talk,
            ..a_chat()
        };
        for (chat, by, is_shown) in [
            (a_chat(), 1, true),
            (a_chat(), 2, false),
            (channel.clone(), 2, true),
        ] {
            let mut snapshot = seen(&chat, &[agent_id(1)]);
            match show_chat(&mut snapshot, actor(agent_id(by)), chat.id) {
                Ok(shown) => {
                    assert!(is_shown);
                    assert_eq!((shown.chat, shown.seq), (chat.id, chat.last.seq));
                    assert_eq!(shown.value, chat);
                }
                Err(error) => {
                    assert!(!is_shown && matches!(error, AccessError::NotAParticipant));
                }
            }
        }
    }
}
