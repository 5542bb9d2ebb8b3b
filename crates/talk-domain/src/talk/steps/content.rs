//! Checks of text and medias, shared by posting and editing.

use crate::kernel::blank::is_blank;
use crate::kernel::error::{Invalid, refusals};
use crate::kernel::limits::Limits;
use crate::kernel::store_error::StoreError;
use crate::kernel::text::check_text;
use crate::talk::model::media::Media;
use crate::talk::unit::TalkUnit;

/// Checks everything that needs no lookup.
pub(crate) fn check_content(text: &str, medias: &[Media], limits: &Limits) -> Result<(), Invalid> {
    check_text("text", text, limits.text)?;
    if medias.len() > limits.medias {
        return Err(Invalid::too_long("medias", limits.medias, "medias"));
    }
    for (i, media) in medias.iter().enumerate() {
        media.check(&format!("medias[{i}]"), limits)?;
    }
    Ok(())
}

/// Returns whether a message would have neither a media nor a visible text.
pub(crate) fn is_empty(text: &str, medias: &[Media]) -> bool {
    medias.is_empty() && is_blank(text)
}

refusals! {
    /// Refusals of a media that refers to an unknown file or agent.
    pub enum ReferenceError {
        ..Invalid(Invalid),
        ..Store(StoreError),
    }
}

/// Checks that files and agents in medias belong to the customer. Medias in `known` were checked
/// when they were attached and are not checked again.
pub(crate) fn check_references(
    uow: &mut dyn TalkUnit,
    medias: &[Media],
    known: &[Media],
) -> Result<(), ReferenceError> {
    let medias = medias.iter().enumerate();
    for (i, media) in medias.filter(|(_, media)| !known.contains(media)) {
        let unknown = match media {
            Media::File(id) if !uow.files().exists(*id)? => {
                Some(("file_id", "MEDIA_FILE_NOT_FOUND", "there is no such file"))
            }
            Media::Agent(id) if uow.agents().get(*id)?.is_none_or(|a| a.deleted.is_some()) => {
                Some((
                    "agent_id",
                    "MEDIA_AGENT_NOT_FOUND",
                    "there is no such agent",
                ))
            }
            _ => None,
        };
        if let Some((field, reason, message)) = unknown {
            return Err(Invalid::new(format!("medias[{i}].{field}"), reason, message).into());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use uuid::Uuid;

    use super::*;
    use crate::identity::agent::Agent;
    use crate::kernel::id::AgentId;
    use crate::testing::{MockUnitOfWork, Scene, a_chat, agent_id, an_agent, at};

    ///
    #[test]
    fn unknown_files_and_agents_are_named_by_their_element() {
        let file = Media::File(Uuid::from_u128(1).into());
        let agent = Media::Agent(AgentId(Uuid::from_u128(1)));
        let known = Media::Agent(agent_id(2));
        for (media, field) in [(file, "medias[1].file_id"), (agent, "medias[1].agent_id")] {
            let mut uow = Scene::new(a_chat()).unit();
            uow.files.expect_exists().returning(|_| Ok(false));
            let refused = check_references(&mut uow, &[known.clone(), media.clone()], &[]);
            let Err(ReferenceError::Invalid(invalid)) = refused else {
                panic!("{refused:?}")
            };
            assert_eq!(invalid.field, field);
            assert!(check_references(&mut uow, from_ref(&media), from_ref(&media)).is_ok());
        }
    }

    ///
    #[test]
    fn a_known_file_is_attached() {
        let mut uow = Scene::new(a_chat()).unit();
        uow.files.expect_exists().returning(|_| Ok(true));
        assert!(check_references(&mut uow, &[Media::File(Uuid::from_u128(1).into())], &[]).is_ok());
    }

    fn checked(text: &str, medias: &[Media]) -> Option<(String, Option<u64>)> {
        let limits = Limits {
            text: 5,
            medias: 2,
            ..Limits::default()
        };
        let refused = check_content(text, medias, &limits).err();
        refused.map(|invalid| (invalid.field, invalid.limit))
    }

    /// API-18: a limit is still allowed, and what breaks it is named.
    #[test]
    fn text_and_medias_are_checked_up_to_their_limits() {
        let link = |url: &str| Media::Link(url.into());
        let good = link("https://e.test");
        assert_eq!(checked("hello", &[good.clone(), good.clone()]), None);
        let long = checked("hello!", &[]);
        assert_eq!(long, Some(("text".into(), Some(5))));
        let many = checked("", &vec![good.clone(); 3]);
        assert_eq!(many, Some(("medias".into(), Some(2))));
        let bad = checked("", &[good, link("nowhere")]);
        assert_eq!(bad, Some(("medias[1].link_url".into(), None)));
    }

    /// MSG-03: text or at least one media.
    #[test]
    fn a_message_is_empty_without_a_text_that_can_be_seen_and_a_media() {
        let link = [Media::Link("https://e.test".into())];
        assert!(is_empty(" ", &[]));
        assert!(!is_empty("x", &[]) && !is_empty("", &link) && !is_empty("x", &link));
    }

    /// a deleted agent is refused like an unknown one.
    #[test]
    fn a_deleted_agent_is_not_attached() {
        let mut uow = MockUnitOfWork::default();
        uow.agents.expect_get().returning(|_| {
            Ok(Some(Agent {
                deleted: Some(at(1)),
                ..an_agent(2)
            }))
        });
        let refused = check_references(&mut uow, &[Media::Agent(agent_id(2))], &[]);
        assert!(matches!(refused, Err(ReferenceError::Invalid(_))));
    }
}
